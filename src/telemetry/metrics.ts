/** What Prometheus scrapes: counted from what the parts tell, and read from them when somebody asks. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Ready } from '../engine/readiness.ts';
import type { KlaviyoClient } from '../klaviyo/api/client.ts';
import type { Sink } from '../klaviyo/sink.ts';
import type { AppEvent, AppEvents } from './app-events.ts';
import { counters, type Definition, gauges, histograms } from './definitions.ts';
import { latestOf } from './latest.ts';
import { createStored, type StoredParts } from './stored.ts';

export interface MetricsParts extends StoredParts {
  events: Pick<AppEvents, 'listen'>;
  klaviyo: Pick<KlaviyoClient, 'usage'>;
  sink: Pick<Sink, 'inFlight'>;
  readiness(): Promise<Ready>;
  now(): Date;
  version: string;
  maxDeadLetters: number;
}

export interface Scraped {
  contentType: string;
  text: string;
}

export interface Metrics {
  /** Prometheus' text format. */
  scrape(): Promise<Scraped>;
}

/** Codes come from Klaviyo: more than these are counted together. */
const maxCodes = 50;

/** Gauges of prom-client's that are named like counters: promtool refuses them. */
const againstConvention = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
];

/** Counts from now on, for as long as the process lives. */
export function createMetrics(parts: MetricsParts): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  for (const name of againstConvention) registry.removeSingleMetric(name);
  parts.events.listen(createCounting(registry, parts));
  const read = createReading(registry, parts);
  return {
    async scrape() {
      await read();
      return { contentType: registry.contentType, text: await registry.metrics() };
    },
  };
}

/** A metric as it is defined; its labels by name. */
function about<Label extends string>(
  { name, help, labels }: Definition & { labels: readonly Label[] },
  registry: Registry,
) {
  return { name, help, labelNames: [...labels], registers: [registry] };
}

function createCounting(registry: Registry, { now }: Pick<MetricsParts, 'now'>): (happened: AppEvent) => void {
  const messages = new Counter(about(counters.messages, registry));
  const ruleMessages = new Counter(about(counters.ruleMessages, registry));
  const unprocessedDeliveries = new Counter(about(counters.unprocessedDeliveries, registry));
  const changes = new Counter(about(counters.changes, registry));
  const requests = new Counter(about(counters.requests, registry));
  const kept = new Counter(about(counters.deadLettersStored, registry));
  const actionsRequired = new Counter(about(counters.actionsRequired, registry));
  const failures = new Counter(about(counters.failures, registry));
  const delay = new Histogram({ ...about(histograms.delay, registry), buckets: histograms.delay.buckets });
  const handling = new Histogram({ ...about(histograms.handling, registry), buckets: histograms.handling.buckets });
  const seconds = new Histogram({
    ...about(histograms.requestSeconds, registry),
    buckets: histograms.requestSeconds.buckets,
  });
  const capped = createCap(maxCodes);

  function countMessage({ rules, outcome, record, createdAt, tookMs }: Extract<AppEvent, { type: 'message' }>): void {
    messages.inc({ outcome });
    for (const rule of rules.length > 0 ? rules : ['none']) ruleMessages.inc({ rule, outcome });
    handling.observe(tookMs / 1_000);
    const delayMs = now().getTime() - Date.parse(createdAt);
    if (outcome === 'delivered') delay.observe({ resource: record.typeId }, Math.max(0, delayMs) / 1_000);
  }

  return (happened) => {
    switch (happened.type) {
      case 'message':
        return countMessage(happened);
      case 'changes':
        for (const { rule, outcome, count } of happened.changes)
          changes.inc({ rule: rule || 'none', lane: happened.lane, outcome }, count);
        return;
      case 'request': {
        const { api, endpoint, status, tookMs } = happened;
        requests.inc({ api, endpoint, status });
        seconds.observe({ api, endpoint }, tookMs / 1_000);
        return;
      }
      case 'dead-letter':
        return kept.inc({ rule: happened.rule || 'none', code: capped(happened.code) });
      case 'action-required':
        return actionsRequired.inc();
      case 'failed':
        return failures.inc({ rule: happened.rule || 'none' });
      case 'delivery-ignored':
      case 'invalid-envelope':
      case 'push-unauthorized':
      case 'unreadable':
        return unprocessedDeliveries.inc({ type: happened.type });
      default:
    }
  };
}

/** @returns what sets every gauge anew */
function createReading(registry: Registry, parts: MetricsParts): () => Promise<void> {
  const stored = createStored(parts);
  const quota = {
    used: new Gauge(about(gauges.quotaUsed, registry)),
    limit: new Gauge(about(gauges.quotaLimit, registry)),
    remaining: new Gauge(about(gauges.quotaRemaining, registry)),
  };
  const inFlight = new Gauge(about(gauges.waiting, registry));
  const runs = new Gauge(about(gauges.runs, registry));
  const records = new Gauge(about(gauges.runRecords, registry));
  const completed = new Gauge(about(gauges.runCompleted, registry));
  const letters = new Gauge(about(gauges.deadLetters, registry));
  const up = {
    subscription: new Gauge(about(gauges.subscriptions, registry)),
    api: new Gauge(about(gauges.apis, registry)),
    source: new Gauge(about(gauges.sources, registry)),
    store: new Gauge(about(gauges.store, registry)),
  };
  new Gauge(about(gauges.deadLettersLimit, registry)).set(parts.maxDeadLetters);
  new Gauge(about(gauges.build, registry)).set({ version: parts.version, node: process.versions.node }, 1);

  function setQuota(): void {
    for (const gauge of [quota.used, quota.limit, quota.remaining]) gauge.reset();
    for (const { endpoint, sentLastMinute, perMinute, remaining } of parts.klaviyo.usage()) {
      quota.used.set({ endpoint }, sentLastMinute);
      quota.limit.set({ endpoint }, perMinute);
      if (remaining !== undefined) quota.remaining.set({ endpoint }, Math.max(0, remaining));
    }
    for (const [lane, count] of Object.entries(parts.sink.inFlight())) inFlight.set({ lane }, count);
  }

  function setRuns(all: Awaited<ReturnType<typeof stored>>['runs']): void {
    for (const gauge of [runs, records, completed]) gauge.reset();
    for (const { resource, kind, state } of all) runs.inc({ resource, kind, state });
    for (const { resource, kind, state, counts } of latestOf(all))
      for (const outcome of ['read', 'delivered', 'skipped', 'rejected'] as const)
        records.set({ resource, kind, state, outcome }, counts[outcome]);
    for (const { resource, kind, endedAt } of latestOf(all.filter(({ state }) => state === 'completed')))
      if (endedAt !== undefined) completed.set({ resource, kind }, Date.parse(endedAt) / 1_000);
  }

  function setReady({ subscriptions, commercetools, klaviyo, sources }: Ready): void {
    for (const gauge of [up.subscription, up.source]) gauge.reset();
    for (const [key, status] of Object.entries(subscriptions)) up.subscription.set({ key }, one(status === 'Healthy'));
    for (const [source, state] of Object.entries(sources)) up.source.set({ source }, one(state === 'ok'));
    up.api.set({ api: 'commercetools' }, one(commercetools === 'ok'));
    up.api.set({ api: 'klaviyo' }, one(klaviyo === 'ok'));
  }

  function setLetters(counts: ReadonlyMap<string, number>): void {
    letters.reset();
    const capped = createCap(maxCodes);
    const maxFirst = [...counts].sort(([, few], [, many]) => many - few);
    for (const [code, count] of maxFirst) letters.inc({ code: capped(code) }, count);
  }

  return async () => {
    const [known, ready] = await Promise.all([stored(), parts.readiness()]);
    setQuota();
    setRuns(known.runs);
    setLetters(known.letters);
    up.store.set(one(known.up));
    setReady(ready);
  };
}

const one = (yes: boolean) => (yes ? 1 : 0);

/** @returns the name itself, or `other` once there are too many different ones */
function createCap(most: number): (name: string) => string {
  const known = new Set<string>();
  return (name) => {
    if (known.size < most) known.add(name);
    return known.has(name) ? name : 'other';
  };
}
