/**
 * Kill -9 at random moments of one bulk run of orders. It goes on by itself each time; at its end counts are exact, every
 * event is there once, and what was sent again is at most what no stored checkpoint knew of when the process died, and
 * one event for each process that verified how Klaviyo treats a repeated one.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { bulkEvents, type ExpectedEvent, eventKey } from '../../sandbox/shop/expected/events.ts';
import { readKlaviyo } from '../../sandbox/shop/expected/klaviyo-state.ts';
import { readShop } from '../../sandbox/shop/expected/read-shop.ts';
import { createRandom } from '../../sandbox/shop/seed/random.ts';
import { checkpointSchema } from '../../src/engine/runs/checkpoint.ts';
import { runSchema } from '../../src/engine/runs/run.ts';
import { connectWithoutFaults } from './actions.ts';
import { type ChaosEnv, startChaosEnv } from './chaos-env.ts';
import { createReplica, type Replica } from './replica.ts';
import { waitUntilIdle } from './wait-until-idle.ts';

export interface Kills {
  seed: number;
  kills: number;
  orders: number;
}

export interface KillsResult {
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
const timeoutMs = 300_000;
/** By then a request that a dead process sent is handled. */
const afterDeathMs = 150;
const recordSchema = z.object({ run: runSchema, point: z.object({ checkpoint: checkpointSchema.optional() }) });

export async function runKills({ seed, kills, orders }: Kills): Promise<KillsResult> {
  const chaosEnv = await startChaosEnv({
    seed,
    orders,
    repeatedUniqueId: 'ignored',
    versionZero: 'conflict',
    settings,
  });
  const replica = await createReplica(chaosEnv.env);
  try {
    const expected = await expectedEvents(chaosEnv);
    const all = [...expected.values()].flat();
    await replica.start();
    await fetch(`${replica.url}/sync/orders`, { method: 'POST' });
    const random = createRandom(seed);
    const points = Array.from({ length: kills }, () => random.next() * all.length).toSorted((a, b) => a - b);
    let maxRepeats = kills + 1;
    let killed = 0;
    for (const point of points) {
      if (!(await waitForEvents(chaosEnv, point))) break;
      await replica.end('SIGKILL');
      await sleep(afterDeathMs);
      maxRepeats += chaosEnv.klaviyo.state().events - checkpointedEvents(chaosEnv, expected);
      killed += 1;
      await replica.start();
    }
    const problems = await waitUntilIdle(chaosEnv, [replica], timeoutMs);
    const { repeatedEvents: repeats } = chaosEnv.klaviyo.state();
    if (repeats > maxRepeats) problems.push(`${repeats} events were sent again, ${maxRepeats} at most may have been`);
    if (killed < kills) problems.push(`the run ended after ${killed} of ${kills} kills`);
    problems.push(...(await differences(chaosEnv, all)), ...countProblems(chaosEnv, orders), ...errorLines(replica));
    return { problems, kills: killed, events: all.length, repeats, maxRepeats };
  } finally {
    await replica.end('SIGKILL');
    await chaosEnv.stop();
  }
}

/** By order. */
async function expectedEvents(chaosEnv: ChaosEnv): Promise<Map<string, ExpectedEvent[]>> {
  const shop = await readShop(connectWithoutFaults(chaosEnv));
  return new Map(shop.orders.map((order) => [order.id, bulkEvents({ ...shop, orders: [order] })]));
}

/** Resolves when so many events have arrived; false where the run ends before, or stands still. */
async function waitForEvents(chaosEnv: ChaosEnv, point: number): Promise<boolean> {
  const until = performance.now() + timeoutMs;
  while (performance.now() < until) {
    if (chaosEnv.klaviyo.state().events >= point) return true;
    if (recordOf(chaosEnv)?.run.state === 'completed') return false;
    await sleep(2);
  }
  return false;
}

function recordOf({ storedValues }: ChaosEnv): z.infer<typeof recordSchema> | undefined {
  const [value] = storedValues('ctk-runs').values();
  return recordSchema.safeParse(value).data;
}

/** Events of the orders before which, by the stored checkpoint, everything is in. */
function checkpointedEvents(chaosEnv: ChaosEnv, expected: ReadonlyMap<string, readonly ExpectedEvent[]>): number {
  const ranges = recordOf(chaosEnv)?.point.checkpoint?.ranges ?? [];
  const isKnown = (id: string) =>
    ranges.some(
      ({ from = '', to, last = '', done }) => id >= from && (to === undefined || id < to) && (done || id <= last),
    );
  return [...expected].reduce((sum, [id, events]) => sum + (isKnown(id) ? events.length : 0), 0);
}

async function differences({ klaviyo }: ChaosEnv, wanted: readonly ExpectedEvent[]): Promise<string[]> {
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

function countProblems(chaosEnv: ChaosEnv, orders: number): string[] {
  const run = recordOf(chaosEnv)?.run;
  if (run?.state !== 'completed') return [`the run is ${run?.state}`];
  const { read, delivered, skipped, rejected } = run.counts;
  if (read === orders && delivered === orders && skipped + rejected === 0) return [];
  return [
    `of ${orders} orders ${read} are counted as read, ${delivered} delivered, ${skipped} skipped, ${rejected} rejected`,
  ];
}

/** What it logged as an error. */
function errorLines(replica: Replica): string[] {
  return replica.log().filter((line) => /"level":(50|60)/.test(line));
}
