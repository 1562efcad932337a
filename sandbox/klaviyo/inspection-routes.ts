/** Inspection endpoints for users and tests: JSON under /sandbox, not part of Klaviyo's API. */
import type { FastifyInstance } from 'fastify';
import type { Account } from './account.ts';
import type { Category, Item, Variant } from './catalog-records.ts';
import type { RecordedEvent } from './events.ts';
import { page } from './inspection-page.ts';
import type { Profile } from './profiles.ts';
import { parameter, type Query } from './query.ts';
import type { RateLimiter } from './rate-limits.ts';
import type { RequestLog } from './request-log.ts';

export type InspectionDeps = { account: Account; limits: RateLimiter; log: RequestLog };

/** Adds the page at `/` and the JSON endpoints. They need no key and have no rate limit. */
export function addInspectionRoutes(app: FastifyInstance, { account, limits, log }: InspectionDeps): void {
  app.get('/', async (_request, reply) => reply.type('text/html; charset=utf-8').send(page));
  app.get('/sandbox', async () => ({ limits: limits.usage() }));
  app.get('/sandbox/state', async () => stateOf(account, log));
  app.get('/sandbox/profiles', async (request) => listOf(account.profiles.all(), profileView, request.query));
  app.get('/sandbox/events', async (request) => {
    const events = selectEvents(account, queryOf(request.query));
    return listOf(events, (event) => eventView(account, event), request.query);
  });
  app.get('/sandbox/items', async (request) =>
    listOf(account.catalog.items.values(), (item) => itemView(account, item), request.query),
  );
  app.get('/sandbox/variants', async (request) =>
    listOf(account.catalog.variants.values(), variantView, request.query),
  );
  app.get('/sandbox/categories', async (request) =>
    listOf(account.catalog.categories.values(), categoryView, request.query),
  );
  app.get('/sandbox/requests', async () => ({ counts: log.counts(), latest: log.latest() }));
  app.post('/sandbox/reset', async (_request, reply) => {
    account.reset();
    limits.reset();
    log.reset();
    return reply.code(204).send();
  });
}

/** Returns counts of all records and requests. Most test assertions use them. */
export function stateOf(account: Account, log: RequestLog) {
  const { profiles, events, catalog, jobs } = account;
  const byMetric: Record<string, number> = {};
  const wouldTriggerFlows: Record<string, number> = {};
  for (const event of events.all()) {
    byMetric[event.metric.name] = (byMetric[event.metric.name] ?? 0) + 1;
    if (event.wouldTriggerFlows) wouldTriggerFlows[event.metric.name] = (wouldTriggerFlows[event.metric.name] ?? 0) + 1;
  }
  return {
    profiles: profiles.count(),
    events: events.count(),
    /** Duplicate events that were ignored. Duplicates in a rejected body do not count. */
    repeatedEvents: events.repeats(),
    eventsByMetric: byMetric,
    /** Events received without backfill, by metric. */
    wouldTriggerFlows,
    items: catalog.items.size,
    variants: catalog.variants.size,
    categories: catalog.categories.size,
    backInStock: catalog.backInStock,
    jobs: jobs.counts(),
    requests: log.total(),
    throttled: log.total(429),
  };
}

function profileView({ id, identifiers, details, location, properties, consents, created, updated }: Profile) {
  return { id, ...identifiers, ...details, location, properties, consents, created, updated };
}

/** Filters events by `metric` (name), `unique_id` and `profile` (id, e-mail or external_id). */
function selectEvents(account: Account, query: Query): RecordedEvent[] {
  const [metric, uniqueId, person] = [
    parameter(query, 'metric'),
    parameter(query, 'unique_id'),
    parameter(query, 'profile'),
  ];
  return [...account.events.all()]
    .filter((event) => metric === undefined || event.metric.name === metric)
    .filter((event) => uniqueId === undefined || event.uniqueId === uniqueId)
    .filter((event) => person === undefined || belongsTo(account, event, person));
}

function belongsTo(account: Account, event: RecordedEvent, person: string): boolean {
  const { email, external_id } = account.profiles.get(event.profileId)?.identifiers ?? {};
  return [event.profileId, email, external_id].includes(person);
}

function eventView(account: Account, event: RecordedEvent) {
  const { email, external_id } = account.profiles.get(event.profileId)?.identifiers ?? {};
  const { id, time, value, backfill, wouldTriggerFlows, properties } = event;
  const profile = { id: event.profileId, email: email ?? null, external_id: external_id ?? null };
  const attributes = { value, value_currency: event.valueCurrency, unique_id: event.uniqueId, backfill };
  return { id, metric: event.metric.name, time, ...attributes, wouldTriggerFlows, profile, properties };
}

function itemView(account: Account, item: Item) {
  const { categoryIds, variantIds, seq: _seq, ...shown } = item;
  const variants = [...variantIds].flatMap((id) => account.catalog.variants.get(id) ?? []);
  return { ...shown, categories: [...categoryIds], variants: variants.map(variantView) };
}

function variantView({ seq: _seq, itemId, ...shown }: Variant) {
  return { ...shown, item: itemId };
}

function categoryView({ seq: _seq, itemIds, ...shown }: Category) {
  return { ...shown, items: [...itemIds] };
}

/**
 * Serializes a listing. `?latest=20` returns the newest 20 records, newest first (used by the page); without it, all
 * records.
 */
function listOf<T, V>(records: Iterable<T>, view: (record: T) => V, query: unknown): { total: number; data: V[] } {
  const all = [...records];
  const latest = Number(parameter(queryOf(query), 'latest') ?? Number.NaN);
  const shown = Number.isInteger(latest) && latest > 0 ? all.slice(-latest).reverse() : all;
  return { total: all.length, data: shown.map(view) };
}

function queryOf(query: unknown): Query {
  const entries = typeof query === 'object' && query !== null ? Object.entries(query) : [];
  return Object.fromEntries(
    entries.map(([name, value]) => [name, Array.isArray(value) ? value.map(String) : String(value)]),
  );
}
