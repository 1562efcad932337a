/** Counts and hashes of received requests: by operation and status, body sizes, duplicate events. */
import { z } from 'zod';

const uniqueIdPattern = /"unique_id":"([^"]+)"/g;
const emailPattern = /"email":"/g;

/** Report of the counting Klaviyo, by operation. */
export const reportShape = z.object({
  operations: z.record(
    z.string(),
    z.object({
      statuses: z.record(z.string(), z.number()),
      bytes: z.number(),
      records: z.number(),
      /** Records and bytes per body, of the first 20,000 bodies. */
      fills: z.array(z.number()),
      sizes: z.array(z.number()),
      /** Times of accepted requests in milliseconds since the report began, of the first 20,000 requests. */
      times: z.array(z.number()),
    }),
  ),
  events: z.number(),
  twice: z.number(),
  stock: z.record(z.string(), z.number()).optional(),
});
export type RequestReport = z.infer<typeof reportShape>;

const maxSamples = 20_000;

/**
 * Creates the counters. `fill` records the number of records in a body; `event`, `events` and `profiles` count records
 * in a raw body.
 */
export function createCounters() {
  let began = performance.now();
  let operations: RequestReport['operations'] = {};
  /** Hashes of the unique_ids seen, to save memory. */
  let seen = new Set<number>();
  let events = 0;
  let twice = 0;

  function of(name: string) {
    const known = operations[name] ?? { statuses: {}, bytes: 0, records: 0, fills: [], sizes: [], times: [] };
    operations[name] = known;
    return known;
  }

  function count(body: Buffer): number {
    let found = 0;
    for (const [, id = ''] of body.toString('latin1').matchAll(uniqueIdPattern)) {
      found += 1;
      const hash = hashOf(id);
      if (seen.has(hash)) twice += 1;
      else seen.add(hash);
    }
    events += found;
    return found;
  }

  return {
    request(name: string, status: number, bytes: number): void {
      const operation = of(name);
      operation.statuses[status] = (operation.statuses[status] ?? 0) + 1;
      operation.bytes += bytes;
      if (status === 429 || operation.times.length >= maxSamples) return;
      operation.times.push(Math.round(performance.now() - began));
      operation.sizes.push(bytes);
    },
    fill(name: string, records: number): void {
      const operation = of(name);
      operation.records += records;
      if (operation.fills.length < maxSamples) operation.fills.push(records);
    },
    event: (body: Buffer) => count(body),
    events: (body: Buffer) => count(body),
    profiles: (body: Buffer) => body.toString('latin1').match(emailPattern)?.length ?? 0,
    report: (): Omit<RequestReport, 'stock'> => ({ operations, events, twice }),
    reset(): void {
      began = performance.now();
      operations = {};
      seen = new Set();
      events = 0;
      twice = 0;
    },
  };
}

/** Returns a 53-bit hash. Event ids of the benchmark are unique across metrics. */
function hashOf(text: string): number {
  let [high, low] = [0xdeadbeef, 0x41c6ce57];
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    high = Math.imul(high ^ code, 2_654_435_761);
    low = Math.imul(low ^ code, 1_597_334_677);
  }
  return (high >>> 11) * 0x1_0000_0000 + (low >>> 0);
}
