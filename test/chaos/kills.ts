/**
 * Kill -9 at random moments of one bulk run of orders. It goes on by itself each time; at its end counts are exact, every
 * event is there once, and what was sent again is at most what no stored checkpoint knew of when the process died.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { bulkEvents, type ExpectedEvent, eventKey } from '../../sandbox/shop/expected/events.ts';
import { readKlaviyo } from '../../sandbox/shop/expected/klaviyo-state.ts';
import { readShop } from '../../sandbox/shop/expected/read-shop.ts';
import { createRandom } from '../../sandbox/shop/seed/random.ts';
import { checkpointSchema } from '../../src/engine/runs/checkpoint.ts';
import { runSchema } from '../../src/engine/runs/run.ts';
import { connectUndisturbed } from './actions.ts';
import { type Place, startPlace } from './place.ts';
import { createReplica, type Replica } from './replica.ts';
import { settle } from './settle.ts';

export interface Kills {
  seed: number;
  kills: number;
  orders: number;
}

export interface Killed {
  problems: string[];
  kills: number;
  events: number;
  /** Events sent more than once, and how many may have been. */
  repeats: number;
  maxRepeats: number;
}

const settings = {
  klaviyo: { timeoutSeconds: 5, retries: 1 },
  commercetools: { timeoutSeconds: 5, retries: 1, largePageSize: 50, ranges: 4 },
  // A busy machine must not lose the lease by itself: that would send again what no kill explains.
  runs: { checkpointSeconds: 0.1, leaseSeconds: 3 },
};
const longestMs = 300_000;
/** By then a request that a dead process sent is handled. */
const afterDeathMs = 150;
const recordSchema = z.object({ run: runSchema, point: z.object({ checkpoint: checkpointSchema.optional() }) });

export async function runKills({ seed, kills, orders }: Kills): Promise<Killed> {
  const place = await startPlace({ seed, orders, repeatedUniqueId: 'ignored', versionZero: 'conflict', settings });
  const replica = await createReplica(place.env);
  try {
    const expected = await expectedEvents(place);
    const all = [...expected.values()].flat();
    await replica.start();
    await fetch(`${replica.url}/sync/orders`, { method: 'POST' });
    const random = createRandom(seed);
    const points = Array.from({ length: kills }, () => random.next() * all.length).toSorted((a, b) => a - b);
    let maxRepeats = 0;
    let killed = 0;
    for (const point of points) {
      if (!(await reached(place, point))) break;
      await replica.end('SIGKILL');
      await sleep(afterDeathMs);
      maxRepeats += place.klaviyo.state().events - knownOf(place, expected);
      killed += 1;
      await replica.start();
    }
    const problems = await settle(place, [replica], longestMs);
    const { repeatedEvents: repeats } = place.klaviyo.state();
    if (repeats > maxRepeats) problems.push(`${repeats} events were sent again, ${maxRepeats} at most may have been`);
    if (killed < kills) problems.push(`the run ended after ${killed} of ${kills} kills`);
    problems.push(...(await differences(place, all)), ...countProblems(place, orders), ...troubles(replica));
    return { problems, kills: killed, events: all.length, repeats, maxRepeats };
  } finally {
    await replica.end('SIGKILL');
    await place.stop();
  }
}

/** By order. */
async function expectedEvents(place: Place): Promise<Map<string, ExpectedEvent[]>> {
  const shop = await readShop(connectUndisturbed(place));
  return new Map(shop.orders.map((order) => [order.id, bulkEvents({ ...shop, orders: [order] })]));
}

/** Resolves when so many events have arrived; false where the run ends before, or stands still. */
async function reached(place: Place, point: number): Promise<boolean> {
  const until = performance.now() + longestMs;
  while (performance.now() < until) {
    if (place.klaviyo.state().events >= point) return true;
    if (recordOf(place)?.run.state === 'completed') return false;
    await sleep(2);
  }
  return false;
}

function recordOf({ kept }: Place): z.infer<typeof recordSchema> | undefined {
  const [value] = kept('ctk-runs').values();
  return recordSchema.safeParse(value).data;
}

/** Events of the orders before which, by the stored checkpoint, everything is in. */
function knownOf(place: Place, expected: ReadonlyMap<string, readonly ExpectedEvent[]>): number {
  const ranges = recordOf(place)?.point.checkpoint?.ranges ?? [];
  const isKnown = (id: string) =>
    ranges.some(
      ({ from = '', to, last = '', done }) => id >= from && (to === undefined || id < to) && (done || id <= last),
    );
  return [...expected].reduce((sum, [id, events]) => sum + (isKnown(id) ? events.length : 0), 0);
}

async function differences({ klaviyo }: Place, wanted: readonly ExpectedEvent[]): Promise<string[]> {
  const { events } = await readKlaviyo(klaviyo.url);
  const there = new Map(events.map((event) => [eventKey({ metric: event.metric, uniqueId: event.unique_id }), event]));
  const problems = wanted.flatMap((event) => {
    const found = there.get(eventKey(event));
    if (!found) return [`missing: ${eventKey(event)}`];
    return found.value === event.value ? [] : [`${eventKey(event)}: ${event.value} is meant, ${found.value} is there`];
  });
  if (events.length !== there.size) problems.push(`${events.length - there.size} events are there twice`);
  if (there.size > wanted.length) problems.push(`${there.size - wanted.length} events too much`);
  return problems;
}

function countProblems(place: Place, orders: number): string[] {
  const run = recordOf(place)?.run;
  if (run?.state !== 'completed') return [`the run is ${run?.state}`];
  const { read, delivered, skipped, rejected } = run.counts;
  if (read === orders && delivered === orders && skipped + rejected === 0) return [];
  return [
    `of ${orders} orders ${read} are counted as read, ${delivered} delivered, ${skipped} skipped, ${rejected} rejected`,
  ];
}

/** What it logged as an error. */
function troubles(replica: Replica): string[] {
  return replica.log().filter((line) => /"level":(50|60)/.test(line));
}
