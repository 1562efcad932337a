/**
 * Real-time scenarios: a steady stream, a burst, an idle service, stock changes, and orders during another process'
 * sync.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'undici';
import { z } from 'zod';
import { type BenchEnvironment, startFloor, withEnvironment } from './environment.ts';
import { type ShopSize, skuOf } from './fakes/records.ts';
import { type Figures, percentile, reportOf, requestsOf, round, throttledShare, usageOf } from './measure.ts';
import { orderCreated, stockChanged } from './messages.ts';
import type { BenchProcess } from './processes.ts';
import { fitsContainer, type Scenario } from './scenario.ts';

const begun = z.object({ begun: z.literal(true) });
const size: ShopSize = { customers: 100_000, orders: 200_000, products: 7_000 };

interface Delivery {
  body: string;
  /** Time to send, in milliseconds since the start of the stream. */
  dueMs: number;
}

interface Delivered {
  /** Milliseconds from the first push to the acknowledgement, sorted. */
  tookMs: number[];
  rejected: number;
  /** Number of broken connections. */
  resets: number;
  lost: number;
}

/**
 * Pushes each message when it is due and retries rejected pushes, like a broker. Ends when all are acknowledged or
 * given up.
 */
async function deliver(
  service: BenchProcess,
  total: number,
  next: (index: number) => Delivery,
  connections = 2_000,
): Promise<Delivered> {
  const pool = new Pool(service.url, { connections, pipelining: 1, connect: { timeout: 60_000 } });
  const tookMs: number[] = [];
  let rejected = 0;
  let resets = 0;
  let lost = 0;
  const began = performance.now();

  async function push(body: string): Promise<number | 'reset'> {
    try {
      const headers = { 'content-type': 'application/json' };
      const response = await pool.request({ method: 'POST', path: '/', body, headers });
      await response.body.dump();
      return response.statusCode;
    } catch {
      return 'reset';
    }
  }

  async function sendUntilAcknowledged({ body, dueMs }: Delivery): Promise<void> {
    const first = performance.now();
    const lateMs = first - began - dueMs;
    for (let attempt = 0; attempt < 100; attempt += 1) {
      const status = await push(body);
      if (status === 204) return void tookMs.push(performance.now() - first + Math.max(0, lateMs));
      if (status === 'reset') resets += 1;
      else if (status === 503) rejected += 1;
      else break;
      // Exponential backoff with jitter, like a broker.
      await sleep(500 * Math.min(8, 2 ** attempt) * (0.5 + Math.random()));
    }
    lost += 1;
  }

  const sending: Promise<void>[] = [];
  for (let index = 0; index < total; index += 1) {
    const delivery = next(index);
    const waitMs = delivery.dueMs - (performance.now() - began);
    if (waitMs > 1) await sleep(waitMs);
    sending.push(sendUntilAcknowledged(delivery));
  }
  await Promise.all(sending);
  await pool.close();
  return { tookMs: tookMs.toSorted((a, b) => a - b), rejected, resets, lost };
}

interface Stream {
  perSecond: number;
  seconds: number;
  first?: number;
  connections?: number;
  /** Of the environment; defaults to that of the scenarios here. */
  shopSize?: ShopSize;
}

/** Sends new orders. */
export async function orders(service: BenchProcess, stream: Stream) {
  const { perSecond, seconds, first = 0, connections, shopSize = size } = stream;
  const next = (index: number) => ({ body: orderCreated(first + index, shopSize), dueMs: (index * 1_000) / perSecond });
  return deliver(service, perSecond * seconds, next, connections);
}

async function figuresOf(
  { klaviyo }: BenchEnvironment,
  { tookMs, rejected, resets, lost }: Delivered,
): Promise<Figures> {
  const report = await reportOf(klaviyo);
  return {
    messages: tookMs.length + lost,
    acknowledged: tookMs.length,
    'not acknowledged': lost,
    'rejected, then retried': rejected,
    'broken connections': resets,
    'median s': round(percentile(tookMs, 0.5) / 1_000),
    '95 % within s': round(percentile(tookMs, 0.95) / 1_000),
    events: report.events,
    'duplicate events': report.twice,
    '429s': round(throttledShare(report), 4),
    requests: requestsOf(report),
  };
}

/** Returns the number of events of `count` orders: one Placed Order, and one Ordered Product per line item. */
function eventsOf(count: number, first = 0): number {
  let events = 0;
  for (let number = first; number < first + count; number += 1) events += 1 + 3 + (number % 3);
  return events;
}

/**
 * Measures CPU seconds per 1,000 messages against the floor at the same rate. The service respects the published
 * limits.
 */
async function cpuRatio(count: number): Promise<Figures> {
  return withEnvironment({ size, limits: 'none', scale: 1 }, async (environment, service) => {
    const seconds = await cpuOfOrders(service, count);
    const floor = await startFloor(environment, 'realtime', 0);
    const floorSeconds = await cpuOfOrders(floor, count);
    await floor.stop();
    return { 'CPU s/1000': round((seconds / count) * 1_000, 3), 'CPU ÷ floor': round(seconds / floorSeconds) };
  });
}

/** @returns CPU seconds of `count` orders, after a warm-up */
async function cpuOfOrders(service: BenchProcess, count: number): Promise<number> {
  const perSecond = 200;
  await orders(service, { perSecond, seconds: 15, first: 100_000 });
  await service.request('begin', begun);
  await orders(service, { perSecond, seconds: count / perSecond });
  return (await usageOf(service)).cpuSeconds;
}

/** @returns CPU seconds per order in realtime */
export function cpuOfRealtime(count: number, serviceFile: string): Promise<number> {
  return withEnvironment(
    { size, limits: 'none', scale: 1, serviceFile },
    async (_, service) => (await cpuOfOrders(service, count)) / count,
  );
}

async function steady(quick: boolean): Promise<Record<string, Figures>> {
  const seconds = quick ? 5 : 60;
  const perSecond = quick ? 100 : 400;
  const figures = await withEnvironment({ size, limits: 1 }, async (environment, service) => {
    const delivered = await orders(service, { perSecond, seconds });
    const { peakBytes } = await usageOf(service);
    const expectedEvents = eventsOf(perSecond * seconds);
    const { events = 0, ...all } = await figuresOf(environment, delivered);
    return { ...all, 'events ÷ expected': Number(events) / expectedEvents, 'peak MB': Math.round(peakBytes / 1e6) };
  });
  return {
    [`realtime, ${perSecond} orders a second for ${seconds} s`]: {
      ...figures,
      ...(await cpuRatio(quick ? 600 : 2_000)),
    },
  };
}

async function burst(quick: boolean): Promise<Record<string, Figures>> {
  const [perSecond, seconds] = quick ? [1_000, 2] : [4_000, 5];
  const figures = await withEnvironment({ size, limits: 1 }, async (environment, service) => {
    // More connections than the service admits at once.
    const delivered = await orders(service, { perSecond, seconds, connections: Math.min(6_000, perSecond * seconds) });
    const { peakBytes } = await usageOf(service);
    const { events = 0, ...all } = await figuresOf(environment, delivered);
    return {
      ...all,
      'events ÷ expected': Number(events) / eventsOf(perSecond * seconds),
      'peak MB': Math.round(peakBytes / 1e6),
    };
  });
  return { [`realtime, a burst of ${perSecond} orders a second for ${seconds} s`]: figures };
}

async function idle(quick: boolean): Promise<Record<string, Figures>> {
  const figures = await withEnvironment({ size, limits: 1 }, async (environment, service) => {
    await orders(service, { perSecond: 20, seconds: 1, first: 150_000 });
    await sleep(1_000);
    return figuresOf(environment, await orders(service, { perSecond: 2, seconds: quick ? 5 : 30 }));
  });
  return { 'idle service, two orders a second': figures };
}

async function stock(quick: boolean): Promise<Record<string, Figures>> {
  const [perSecond, seconds, skus] = quick ? [300, 4, 2_000] : [1_000, 60, 20_000];
  const figures = await withEnvironment({ size, limits: 1, jobMs: 1_000 }, async (environment, service) => {
    const last = new Map<string, number>();
    const delivered = await deliver(service, perSecond * seconds, (index) => {
      const number = (index * 7_919) % skus;
      const sku = skuOf(Math.floor(number / 3), number % 3);
      const quantity = index % 997;
      last.set(sku, quantity);
      environment.shop.send({ set: [[sku, quantity]] });
      return { body: stockChanged(sku, index + 2), dueMs: (index * 1_000) / perSecond };
    });
    await sleep(3_000);
    const { stock: storedStock = {} } = await reportOf(environment.klaviyo);
    const wrong = [...last].filter(([sku, quantity]) => storedStock[sku] !== quantity).length;
    const { events: _events, 'duplicate events': _twice, ...all } = await figuresOf(environment, delivered);
    return { ...all, 'skus with a wrong quantity': wrong };
  });
  return { [`stock, ${perSecond} changes a second over ${skus} skus for ${seconds} s`]: figures };
}

async function beside(quick: boolean): Promise<Record<string, Figures>> {
  const [perSecond, seconds] = quick ? [50, 10] : [100, 90];
  const figures = await withEnvironment(
    { size: { ...size, orders: 200_000 }, limits: 1, appTypes: ['EVENT', 'BULK_IMPORT'] },
    async (environment, service) => {
      const syncing = environment.services[1];
      if (!syncing) throw new Error('no second service');
      await fetch(`${syncing.url}/sync/orders`, { method: 'POST' });
      await sleep(quick ? 3_000 : 20_000);
      // Orders that the sync has not reached yet: the last ones of the shop.
      const delivered = await orders(service, { perSecond, seconds, first: 150_000 });
      await fetch(`${syncing.url}/sync/orders/stop`, { method: 'POST' });
      const { events: _events, 'duplicate events': _twice, ...all } = await figuresOf(environment, delivered);
      return all;
    },
  );
  return { [`realtime, ${perSecond} orders a second beside another process' sync of orders`]: figures };
}

const allAcknowledged = { figure: 'not acknowledged', max: 0 };
// The first bulk body repeats one event on purpose: klaviyo/batching/bulk-access.ts.
const noDuplicates = { figure: 'duplicate events', max: 1 };
// While overloaded, a message of which Klaviyo took only a part before the deadline is sent again as a whole.
const fewDuplicates = { figure: 'duplicate events', max: 50 };
const noneMissing = { figure: 'events ÷ expected', min: 1, max: 1.001 };

export const realtime: Record<string, Scenario> = {
  steady: {
    run: steady,
    bounds: [
      allAcknowledged,
      noDuplicates,
      noneMissing,
      { figure: 'rejected, then retried', max: 0 },
      { figure: '429s', max: 0.005 },
      { figure: 'CPU ÷ floor', max: 3 },
      fitsContainer,
    ],
  },
  burst: { run: burst, bounds: [allAcknowledged, fewDuplicates, noneMissing, fitsContainer] },
  idle: { run: idle, bounds: [allAcknowledged, { figure: 'rejected, then retried', max: 0 }] },
  stock: { run: stock, bounds: [allAcknowledged, { figure: 'skus with a wrong quantity', max: 0 }] },
  beside: { run: beside, bounds: [allAcknowledged, { figure: 'rejected, then retried', max: 0 }] },
};
