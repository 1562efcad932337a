/** Prometheus metrics: counters follow events, gauges are read at each scrape. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Ready } from '../engine/readiness.ts';
import type { Run } from '../engine/runs/run.ts';
import type { KlaviyoClient } from '../klaviyo/api/client.ts';
import type { Sink } from '../klaviyo/sink.ts';
import type { MemoryGuard } from '../lib/memory-guard.ts';
import type { AppEvent, AppEvents } from './app-events.ts';
import { counters, type Definition, gauges, histograms } from './definitions.ts';
import { createStoreSnapshot, type StoreSnapshot, type StoreSnapshotDeps } from './store-snapshot.ts';

export interface MetricsDeps extends StoreSnapshotDeps {
  events: Pick<AppEvents, 'listen'>;
  klaviyo: Pick<KlaviyoClient, 'usage'>;
  sink: Pick<Sink, 'inFlight'>;
  memoryGuard: Pick<MemoryGuard, 'shedReason'>;
  readiness(): Promise<Ready>;
  now(): Date;
  version: string;
  maxDeadLetters: number;
}

export type Metrics = ReturnType<typeof createMetrics>;

/** Limit of distinct codes, because Klaviyo defines them. Others are counted as `other`. */
const maxCodes = 50;

/** Gauges of prom-client that are named like counters, which promtool rejects. */
const misnamedGauges = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

/** Counts events from now until the process ends. */
export function createMetrics(deps: MetricsDeps) {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  for (const name of misnamedGauges) registry.removeSingleMetric(name);
  deps.events.listen(createEventCounter(registry, deps));
  const updateGauges = createGaugeUpdate(registry, deps);
  return {
    /** @returns all metrics in Prometheus' text format */
    async scrape(): Promise<{ contentType: string; text: string }> {
      await updateGauges();
      return { contentType: registry.contentType, text: await registry.metrics() };
    },
  };
}

/** @returns prom-client's options for a definition, with typed label names */
function optionsFor<Label extends string>(
  { name, help, labels }: Definition & { labels: readonly Label[] },
  registry: Registry,
) {
  return { name, help, labelNames: [...labels], registers: [registry] };
}

function histogramFor<Label extends string>(
  definition: Definition & { labels: readonly Label[]; buckets: number[] },
  registry: Registry,
) {
  return new Histogram({ ...optionsFor(definition, registry), buckets: definition.buckets });
}

function createEventCounter(registry: Registry, { now }: Pick<MetricsDeps, 'now'>): (event: AppEvent) => void {
  const messages = new Counter(optionsFor(counters.messages, registry));
  const ruleMessages = new Counter(optionsFor(counters.ruleMessages, registry));
  const unprocessedDeliveries = new Counter(optionsFor(counters.unprocessedDeliveries, registry));
  const changes = new Counter(optionsFor(counters.changes, registry));
  const requests = new Counter(optionsFor(counters.requests, registry));
  const carts = new Counter(optionsFor(counters.carts, registry));
  const deadLettersStored = new Counter(optionsFor(counters.deadLettersStored, registry));
  const actionsRequired = new Counter(optionsFor(counters.actionsRequired, registry));
  const failures = new Counter(optionsFor(counters.failures, registry));
  const delay = histogramFor(histograms.delay, registry);
  const cartDelay = histogramFor(histograms.cartDelay, registry);
  const handling = histogramFor(histograms.handling, registry);
  const requestSeconds = histogramFor(histograms.requestSeconds, registry);
  const cap = createCap(maxCodes);

  function countMessage({ rules, outcome, record, createdAt, tookMs }: Extract<AppEvent, { type: 'message' }>): void {
    messages.inc({ outcome });
    for (const rule of rules.length > 0 ? rules : ['none']) ruleMessages.inc({ rule, outcome });
    handling.observe(tookMs / 1_000);
    const delayMs = now().getTime() - Date.parse(createdAt);
    if (outcome === 'delivered') delay.observe({ resource: record.typeId }, Math.max(0, delayMs) / 1_000);
  }

  return (event) => {
    switch (event.type) {
      case 'message':
        return countMessage(event);
      case 'changes':
        for (const { rule, outcome, count } of event.changes)
          changes.inc({ rule: rule || 'none', lane: event.lane, outcome }, count);
        return;
      case 'request': {
        const { api, endpoint, status, tookMs } = event;
        requests.inc({ api, endpoint, status });
        requestSeconds.observe({ api, endpoint }, tookMs / 1_000);
        return;
      }
      case 'carts':
        for (const outcome of ['delivered', 'skipped', 'rejected'] as const) carts.inc({ outcome }, event[outcome]);
        return cartDelay.observe(event.lagMs / 1_000);
      case 'dead-letter':
        return deadLettersStored.inc({ rule: event.rule || 'none', code: cap(event.code) });
      case 'action-required':
        return actionsRequired.inc();
      case 'failed':
        return failures.inc({ rule: event.rule || 'none' });
      case 'delivery-ignored':
      case 'invalid-envelope':
      case 'push-unauthorized':
      case 'unreadable':
        return unprocessedDeliveries.inc({ type: event.type });
      default:
    }
  };
}

/** @returns a function that sets every gauge */
function createGaugeUpdate(registry: Registry, deps: MetricsDeps): () => Promise<void> {
  const readStore = createStoreSnapshot(deps);
  const quota = {
    used: new Gauge(optionsFor(gauges.quotaUsed, registry)),
    limit: new Gauge(optionsFor(gauges.quotaLimit, registry)),
    remaining: new Gauge(optionsFor(gauges.quotaRemaining, registry)),
  };
  const inFlight = new Gauge(optionsFor(gauges.waiting, registry));
  const runs = new Gauge(optionsFor(gauges.runs, registry));
  const loadShed = new Gauge(optionsFor(gauges.loadShed, registry));
  const records = new Gauge(optionsFor(gauges.runRecords, registry));
  const completed = new Gauge(optionsFor(gauges.runCompleted, registry));
  const deadLetters = new Gauge(optionsFor(gauges.deadLetters, registry));
  const up = {
    subscription: new Gauge(optionsFor(gauges.subscriptions, registry)),
    api: new Gauge(optionsFor(gauges.apis, registry)),
    source: new Gauge(optionsFor(gauges.sources, registry)),
    store: new Gauge(optionsFor(gauges.store, registry)),
  };
  new Gauge(optionsFor(gauges.deadLettersLimit, registry)).set(deps.maxDeadLetters);
  new Gauge(optionsFor(gauges.build, registry)).set({ version: deps.version, node: process.versions.node }, 1);

  function setQuota(): void {
    for (const gauge of [quota.used, quota.limit, quota.remaining]) gauge.reset();
    for (const { endpoint, sentLastMinute, perMinute, remaining } of deps.klaviyo.usage()) {
      quota.used.set({ endpoint }, sentLastMinute);
      quota.limit.set({ endpoint }, perMinute);
      if (remaining !== undefined) quota.remaining.set({ endpoint }, Math.max(0, remaining));
    }
    for (const [lane, count] of Object.entries(deps.sink.inFlight())) inFlight.set({ lane }, count);
  }

  function setRuns(all: StoreSnapshot['runs']): void {
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
    for (const [key, status] of Object.entries(subscriptions))
      up.subscription.set({ key }, toGaugeValue(status === 'Healthy'));
    for (const [source, state] of Object.entries(sources)) up.source.set({ source }, toGaugeValue(state === 'ok'));
    up.api.set({ api: 'commercetools' }, toGaugeValue(commercetools === 'ok'));
    up.api.set({ api: 'klaviyo' }, toGaugeValue(klaviyo === 'ok'));
  }

  function setDeadLetters(counts: ReadonlyMap<string, number>): void {
    deadLetters.reset();
    const cap = createCap(maxCodes);
    const descending = [...counts].sort(([, left], [, right]) => right - left);
    for (const [code, count] of descending) deadLetters.inc({ code: cap(code) }, count);
  }

  return async () => {
    const [snapshot, ready] = await Promise.all([readStore(), deps.readiness()]);
    setQuota();
    loadShed.set(toGaugeValue(deps.memoryGuard.shedReason() !== undefined));
    setRuns(snapshot.runs);
    setDeadLetters(snapshot.deadLetters);
    up.store.set(toGaugeValue(snapshot.isUp));
    setReady(ready);
  };
}

const toGaugeValue = (isUp: boolean) => (isUp ? 1 : 0);

/** @returns the latest run of each resource and kind */
function latestOf(runs: readonly Run[]): Run[] {
  const groups = Map.groupBy(runs, ({ resource, kind }) => `${kind} ${resource}`).values();
  return [...groups].flatMap(([first, ...others]) =>
    first === undefined ? [] : [others.reduce((latest, run) => (run.id > latest.id ? run : latest), first)],
  );
}

/** @returns a function that returns the name, or `other` once there are `max` distinct names */
function createCap(max: number): (name: string) => string {
  const known = new Set<string>();
  return (name) => {
    if (known.size < max) known.add(name);
    return known.has(name) ? name : 'other';
  };
}
