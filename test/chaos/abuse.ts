/**
 * Mixed abuse beside valid messages, for as long as is asked for. Each valid message is pushed as a broker does it, until it is
 * accepted; at the end each has to be in Klaviyo once, and the process has to be the same one.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { containerFlags } from '../../bench/container.ts';
import { delivery, lineItem, order, reference } from '../fixtures/index.ts';
import { type AttackName, attack, attackNames } from './attacks.ts';
import { type ChaosEnv, startChaosEnv } from './chaos-env.ts';
import { push, pushSecret } from './push.ts';
import { createReplica, type Replica } from './replica.ts';

export interface AbuseResult {
  problems: string[];
  /** Valid messages, and how often one was refused before it was accepted. */
  messages: number;
  refused: number;
  p95Ms: number;
  /** Of the process, in bytes, at the end of the first fifth, at the end, and at most. */
  memory: { early: number; late: number; peak: number };
  /** How often each attack got which status; 0: none. */
  answers: Map<AttackName, Map<number, number>>;
}

const messagesPerSecond = 50;
const attacksPerSecond = 50;
const sampleMs = 1_000;
const settleMs = 60_000;
const firstRetryMs = 100;
const maxRetryMs = 2_000;
const settings = { klaviyo: { eventListingSeconds: 3 }, commercetools: {}, realtime: {} };
/** No attack may be accepted, and none may be an internal error. */
const allowedStatuses = new Set([0, 400, 401, 403, 404, 405, 413, 415, 429, 431, 503]);

export async function runAbuse(seconds: number): Promise<AbuseResult> {
  const options = { seed: 1, orders: 0, repeatedUniqueId: 'ignored', versionZero: 'conflict', settings } as const;
  const chaosEnv = await startChaosEnv(options);
  const env = { ...chaosEnv.env, API_TOKEN: randomUUID() };
  const replica = await createReplica(env, containerFlags());
  try {
    await replica.start();
    return await abuse(chaosEnv, replica, seconds);
  } finally {
    await replica.end('SIGKILL');
    await chaosEnv.stop();
  }
}

async function abuse(chaosEnv: ChaosEnv, replica: Replica, seconds: number): Promise<AbuseResult> {
  const answers: AbuseResult['answers'] = new Map(attackNames.map((name) => [name, new Map<number, number>()]));
  const problems: string[] = [];
  const tookMs: number[] = [];
  const samples: number[] = [];
  const orderIds: string[] = [];
  let refused = 0;
  let isOver = false;

  async function sendValid(): Promise<void> {
    const { orderId, body } = newMessage();
    orderIds.push(orderId);
    const beganAt = performance.now();
    for (let waitMs = firstRetryMs; !isOver; waitMs = Math.min(waitMs * 2, maxRetryMs)) {
      if ((await push(replica.url, body, pushSecret)) === 204) {
        tookMs.push(performance.now() - beganAt);
        return;
      }
      refused += 1;
      await sleep(waitMs);
    }
  }

  async function sendAttack(turn: number): Promise<void> {
    const name = attackNames[turn % attackNames.length] ?? 'wrong-proof';
    const status = await attack(name, { url: replica.url, secret: pushSecret }, Math.floor(turn / attackNames.length));
    const counts = answers.get(name);
    counts?.set(status, (counts.get(status) ?? 0) + 1);
  }

  const sampling = setInterval(() => samples.push(replica.memoryBytes()), sampleMs);
  const valid = [atRate(messagesPerSecond, seconds, sendValid), atRate(attacksPerSecond, seconds, sendAttack)];
  const sent = Promise.all(valid);
  await Promise.race([sent, sleep(seconds * 1_000 + settleMs)]);
  isOver = true;
  await sent;
  clearInterval(sampling);
  if (tookMs.length < orderIds.length) problems.push(`${orderIds.length - tookMs.length} messages were never accepted`);
  problems.push(...(await missingOrRepeated(chaosEnv, orderIds)));
  for (const [name, counts] of answers)
    for (const [status, count] of counts)
      if (!allowedStatuses.has(status)) problems.push(`${name} was answered ${status}, ${count} times`);
  if (!replica.isUp()) problems.push('the process ended');
  const errors = replica.log().filter((line) => /"level":(50|60)|-- ended/.test(line));
  if (errors.length > 0) problems.push(`${errors.length} errors in the log, such as ${errors[0]}`);
  const [early = 0, late = 0] = [samples[Math.floor(samples.length / 5)], samples.at(-1)];
  return {
    ...{ problems, messages: orderIds.length, refused, answers },
    p95Ms: percentile(tookMs, 0.95),
    memory: { early, late, peak: Math.max(0, ...samples) },
  };
}

/** Starts so many calls a second, whether or not earlier ones have ended. Resolves when all have. */
async function atRate(perSecond: number, seconds: number, call: (turn: number) => Promise<void>): Promise<void> {
  const beganAt = performance.now();
  const calls: Promise<void>[] = [];
  for (let turn = 0; turn < perSecond * seconds; turn += 1) {
    const waitMs = beganAt + (turn * 1_000) / perSecond - performance.now();
    if (waitMs > 1) await sleep(waitMs);
    calls.push(call(turn));
  }
  await Promise.all(calls);
}

function newMessage(): { orderId: string; body: string } {
  const orderId = randomUUID();
  const guest = { customerId: undefined, customerEmail: `guest.${orderId}@example.com`, paymentInfo: undefined };
  const at = new Date().toISOString();
  const record = order({
    ...{ id: orderId, orderNumber: orderId.slice(0, 8), lineItems: [lineItem({ id: randomUUID() })] },
    ...{ ...guest, createdAt: at, lastModifiedAt: at },
  });
  const own = { id: randomUUID(), createdAt: at, lastModifiedAt: at, order: record };
  return { orderId, body: JSON.stringify(delivery('OrderCreated', reference('order', orderId), own)) };
}

const events = z.object({ data: z.array(z.object({ unique_id: z.string().nullable() })) });

async function missingOrRepeated({ klaviyo }: ChaosEnv, orderIds: readonly string[]): Promise<string[]> {
  const answer = await fetch(`${klaviyo.url}/sandbox/events?metric=${encodeURIComponent('Placed Order')}`);
  const counts = new Map<string, number>();
  for (const { unique_id: id } of events.parse(await answer.json()).data)
    if (id !== null) counts.set(id, (counts.get(id) ?? 0) + 1);
  const missing = orderIds.filter((id) => !counts.has(id)).length;
  const repeated = [...counts.values()].filter((count) => count > 1).length;
  const others = counts.size - (orderIds.length - missing);
  return [
    ...(missing > 0 ? [`${missing} messages did not reach Klaviyo`] : []),
    ...(repeated > 0 ? [`${repeated} messages are in Klaviyo more than once`] : []),
    ...(others > 0 ? [`${others} events are of no valid message`] : []),
  ];
}

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
