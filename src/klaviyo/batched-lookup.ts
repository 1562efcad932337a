/**
 * Combines lookups in the same turn of the event loop into list requests of up to a hundred values that fit into a URL.
 * Results are not cached.
 */
import DataLoader from 'dataloader';
import { createBatchScheduler } from '../lib/batch-scheduler.ts';
import { chunksOf } from '../lib/chunks.ts';
import type { ApiResult, KlaviyoClient } from './api/client.ts';
import type { EndpointName } from './api/endpoints.ts';
import { type ApiFailure, notJson } from './api/errors.ts';
import type { Lane } from './api/rate-limiter.ts';

/** The record, undefined when Klaviyo has none, or why it could not be read. */
export type LookupResult<Existing> = Existing | undefined | { failure: ApiFailure };

/** A text with a lone surrogate can't be a part of a URL. */
const malformedKey: ApiFailure = {
  type: 'rejected',
  status: 400,
  errors: [{ code: 'malformed_id', detail: 'the id is not well-formed text' }],
};

export const unknownShape: ApiFailure = { type: 'unavailable', reason: 'Klaviyo answered in an unknown shape' };

/** Klaviyo's maximum of values in an `any(…)` filter, and of a page. */
export const maxIds = 100;
/** Of a filter's values in the URL. Servers and proxies allow 8,192. */
const maxUrlLength = 6_000;
/** More lookups would use up the limit of the endpoint with a few values each. */
const maxRealtimeRequests = 2;
export const never: AbortSignal = new AbortController().signal;

/** Records by their normalized value, or why one could not be read. */
export type FoundRecords<Existing> = Map<string, LookupResult<Existing>>;

export interface LookupSpec<Existing> {
  endpoint: EndpointName;
  filter(values: readonly string[]): string;
  query?: Record<string, string>;
  /** @returns a value as it stands in the filter, unencoded, for its length in the URL */
  inFilter(value: string): string;
  /** @returns the values that are requested for a key; the key itself if absent */
  valuesOf?(key: string): string[];
  /** @returns the form in which values are compared; the same if absent */
  normalize?(value: string): string;
  /**
   * In bulk, lookups within this time share requests; in realtime those that come while earlier ones are answered. Without
   * it only those of the same turn.
   */
  bulkWindowMs?: number;
  /** Klaviyo rejects a request for the value alone because no record can have it. */
  rejectionMeansNone?: boolean;
  /**
   * @returns the records of a response by normalized value. `unattributed`: records that match a requested value by
   * something that the response does not show, so that smaller requests have to tell by which.
   */
  parse(
    body: unknown,
    lane: Lane,
    values: readonly string[],
  ): Promise<{ found: FoundRecords<Existing>; unattributed?: Existing[] } | { failure: ApiFailure }>;
}

export function createBatchedLookup<Existing extends object>(client: KlaviyoClient, spec: LookupSpec<Existing>) {
  const normalize = spec.normalize ?? ((value: string) => value);
  const limits = {
    maxItems: maxIds,
    maxLength: maxUrlLength,
    lengthOf: (value: string) => encodeURIComponent(`"${spec.inFilter(value)}",`).length,
  };
  type Results = Map<string, LookupResult<Existing>>;

  async function fetchHalves(values: readonly string[], lane: Lane): Promise<Results> {
    const middle = values.length >> 1;
    const halves = [values.slice(0, middle), values.slice(middle)];
    const found = await Promise.all(halves.map((half) => fetchChunk(half, lane)));
    return new Map(found.flatMap((half) => [...half]));
  }

  async function fetchChunk(values: readonly string[], lane: Lane): Promise<Results> {
    const query = { ...spec.query, filter: spec.filter(values), 'page[size]': String(maxIds) };
    const result = await client.call({ endpoint: spec.endpoint, query, lane, signal: never });
    const isOne = new Set(values.map(normalize)).size === 1;
    if (!isOne && (isTooLong(result) || (spec.rejectionMeansNone && isRejected(result))))
      return fetchHalves(values, lane);
    if (spec.rejectionMeansNone && isRejected(result)) return new Map();
    const parsed = result.ok ? await spec.parse(result.body, lane, values) : { failure: result.failure };
    if ('failure' in parsed) return new Map(values.map((value) => [normalize(value), parsed]));
    return withUnattributed(parsed, values, lane);
  }

  async function withUnattributed(
    { found, unattributed = [] }: { found: FoundRecords<Existing>; unattributed?: Existing[] },
    values: readonly string[],
    lane: Lane,
  ): Promise<Results> {
    const [first] = unattributed;
    const missing = values.filter((value) => !found.has(normalize(value)));
    const [value] = missing;
    if (first === undefined || value === undefined) return found;
    if (new Set(missing.map(normalize)).size === 1)
      return new Map<string, LookupResult<Existing>>(found).set(normalize(value), first);
    return new Map([...found, ...(await fetchHalves(missing, lane))]);
  }

  const realtimeScheduler = createBatchScheduler(maxRealtimeRequests);

  function scheduleOf(lane: Lane): { batchScheduleFn?: (dispatch: () => void) => void } {
    const { bulkWindowMs } = spec;
    if (bulkWindowMs === undefined) return {};
    if (lane === 'realtime') return { batchScheduleFn: realtimeScheduler.schedule };
    return { batchScheduleFn: (dispatch) => void setTimeout(dispatch, bulkWindowMs) };
  }

  function createLoader(lane: Lane): DataLoader<string, LookupResult<Existing>> {
    async function load(keys: readonly string[]): Promise<LookupResult<Existing>[]> {
      const wellFormed = keys.filter((key) => key.isWellFormed());
      const values = [...new Set(wellFormed.flatMap((key) => spec.valuesOf?.(key) ?? [key]))];
      const chunks = await Promise.all(chunksOf(values, limits).map((chunk) => fetchChunk(chunk, lane)));
      const byValue = new Map(chunks.flatMap((chunk) => [...chunk]));
      return keys.map((key) => (key.isWellFormed() ? byValue.get(normalize(key)) : { failure: malformedKey }));
    }
    return new DataLoader<string, LookupResult<Existing>>(
      (keys) => (lane === 'realtime' ? realtimeScheduler.track(load(keys)) : load(keys)),
      { cache: false, maxBatchSize: maxIds, ...scheduleOf(lane) },
    );
  }

  const loaders = { realtime: createLoader('realtime'), cart: createLoader('cart'), bulk: createLoader('bulk') };
  return (key: string, lane: Lane): Promise<LookupResult<Existing>> => loaders[lane].load(key);
}

function isRejected(result: ApiResult): boolean {
  return !result.ok && result.failure.type === 'rejected' && result.failure.status === 400;
}

/** @returns whether a server or proxy may have found the URL too long: such an answer is not Klaviyo's own */
function isTooLong(result: ApiResult): boolean {
  return !result.ok && result.failure.type === 'rejected' && result.failure.errors.some(({ code }) => code === notJson);
}
