/** Bulk sync scenarios: customers, orders, and the catalog twice. */
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { runSchema } from '../src/engine/runs/run.ts';
import { type BenchEnvironment, type EnvironmentOptions, startFloor, withEnvironment } from './environment.ts';
import type { RequestReport } from './fakes/counters.ts';
import {
  type Figures,
  fullness,
  perMinute,
  reportOf,
  requestsOf,
  round,
  shareOfLimit,
  throttledShare,
  usageOf,
} from './measure.ts';
import type { BenchProcess } from './processes.ts';

type Resource = 'customers' | 'orders' | 'products';

const runs = z.array(runSchema.pick({ counts: true }));
const status = z.object({ running: runs, ended: runs });
const begun = z.object({ begun: z.literal(true) });
const wasReset = z.object({ reset: z.literal(true) });
const forgot = z.object({ forgot: z.literal(true) });

interface Synced {
  seconds: number;
  cpuSeconds: number;
  peakBytes: number;
  report: RequestReport;
  read: number;
  delivered: number;
}

/** Runs one sync to its end, or for `seconds`, and returns its resource usage and request report. */
export async function syncOnce(
  { klaviyo }: BenchEnvironment,
  service: BenchProcess,
  { resource, seconds = 3_600 }: { resource: Resource; seconds?: number | undefined },
): Promise<Synced> {
  await klaviyo.request('reset', wasReset);
  await service.request('begin', begun);
  const began = performance.now();
  await fetch(`${service.url}/sync/${resource}`, { method: 'POST' });
  for (;;) {
    await sleep(200);
    const { running, ended } = status.parse(await (await fetch(`${service.url}/sync/${resource}`)).json());
    const [run] = running;
    if (run && performance.now() - began < seconds * 1_000) continue;
    const passed = (performance.now() - began) / 1_000;
    const usage = await usageOf(service);
    const report = await reportOf(klaviyo);
    const { read, delivered } = (run ?? ended[0])?.counts ?? { read: 0, delivered: 0 };
    if (run) await fetch(`${service.url}/sync/${resource}/stop`, { method: 'POST' });
    return { seconds: passed, ...usage, report, read, delivered };
  }
}

/** Returns the CPU seconds of the floor for `pages` pages of 500 records. */
async function floorOf(environment: BenchEnvironment, resource: Resource, pages: number) {
  const floor = await startFloor(environment, resource, pages);
  await floor.request('begin', begun);
  const { records } = await floor.request('run', z.object({ records: z.number() }));
  const { cpuSeconds } = await usageOf(floor);
  await floor.stop();
  return { records, cpuSeconds };
}

/** Runs a sync and measures it, together with the same work by the floor. */
export async function bulk(
  resource: Resource,
  options: EnvironmentOptions & { seconds?: number; operation: string; max: number; limit: number },
): Promise<Figures> {
  const synced = await withEnvironment(options, (...running) =>
    syncOnce(...running, { resource, seconds: options.seconds }),
  );
  const [cpu] = await cpuRatios(options, resource, synced);
  return { ...figuresOf(synced, options), ...cpu };
}

/**
 * Measures CPU seconds per 1,000 records against the floor, without rate limits so that neither waits.
 * @param syncs number of consecutive syncs; the first one starts with an empty Klaviyo account
 */
async function cpuRatios(
  options: EnvironmentOptions,
  resource: Resource,
  { read, syncs = 1 }: { read: number; syncs?: number },
): Promise<Figures[]> {
  const pages = Math.min(40, Math.max(4, Math.floor(read / 500)));
  const size = { ...options.size, [resource]: pages * 500 };
  return withEnvironment({ ...options, ...withoutWaiting, size }, async (environment, service) => {
    const cpuSeconds: number[] = [];
    await warmUp(environment, service, resource);
    for (let count = 0; count < syncs; count += 1)
      cpuSeconds.push(cpuPerRecord(await syncOnce(environment, service, { resource })));
    const floor = await floorOf(environment, resource, pages);
    return cpuSeconds.map((seconds) => ({
      'CPU s/1000': round(seconds * 1_000, 3),
      'CPU ÷ floor': round(seconds / (floor.cpuSeconds / floor.records)),
    }));
  });
}

const withoutWaiting = { pageMs: 0, limits: 'none' } as const;

const cpuPerRecord = ({ cpuSeconds, read }: Synced) => cpuSeconds / read;

/** So that JIT compilation does not count. */
async function warmUp(environment: BenchEnvironment, service: BenchProcess, resource: Resource): Promise<void> {
  await syncOnce(environment, service, { resource });
  await environment.klaviyo.request('forget', forgot);
}

/** @returns CPU seconds per record of a sync of `records` records, without rate limits */
export function cpuOfSync(resource: Resource, records: number, serviceFile: string): Promise<number> {
  const size = { customers: 20_000, orders: 0, products: 5_000, differingEmails: 5, [resource]: records };
  return withEnvironment({ ...withoutWaiting, size, serviceFile }, async (environment, service) => {
    await warmUp(environment, service, resource);
    return cpuPerRecord(await syncOnce(environment, service, { resource }));
  });
}

function figuresOf(
  synced: Synced,
  { operation, max, limit }: { operation: string; max: number; limit: number },
): Figures {
  const share = shareOfLimit(synced.report, operation, limit);
  return {
    records: synced.read,
    seconds: round(synced.seconds, 1),
    'records/s': Math.round(synced.read / synced.seconds),
    'share of the limit': share === undefined ? 'less than a minute' : round(share),
    'bodies full': round(fullness(synced.report, operation, { max, leftOver: 10 })),
    '429s': round(throttledShare(synced.report), 4),
    'peak MB': Math.round(synced.peakBytes / 1e6),
    requests: requestsOf(synced.report),
  };
}

/** Measures the first sync of a catalog and a second sync without changes. */
export async function catalogue(options: EnvironmentOptions): Promise<Record<string, Figures>> {
  const limits = { operation: 'bulk_create_catalog_variants', max: 100, limit: perMinute('createVariants') };
  const resource = 'products';
  const { first, second } = await withEnvironment(options, async (...running) => ({
    first: await syncOnce(...running, { resource }),
    second: await syncOnce(...running, { resource }),
  }));
  const writes = Object.keys(second.report.operations).filter((name) => /^(bulk_)?(create|update|delete)_/.test(name));
  const [cpu, cpuOfSecond] = await cpuRatios(options, resource, { read: first.read, syncs: 2 });
  return {
    'catalogue, first sync': { ...figuresOf(first, limits), ...cpu },
    'catalogue, second sync': {
      records: second.read,
      seconds: round(second.seconds, 1),
      writes: writes.length,
      requests: requestsOf(second.report),
      ...cpuOfSecond,
    },
  };
}

/** Returns the ratio of peak memory between a sync of `few` and of ten times as many records. */
export async function flatness(resource: Resource, recordCount: number): Promise<Figures> {
  const peaks: number[] = [];
  for (const count of [recordCount, recordCount * 10]) {
    const size = { customers: 1_000, orders: 1_000, products: 1_000, [resource]: count };
    const { peakBytes } = await withEnvironment({ size, limits: 'none' }, (...running) =>
      syncOnce(...running, { resource }),
    );
    peaks.push(peakBytes);
  }
  const [small = 1, large = 0] = peaks;
  return {
    records: `${recordCount} and ${recordCount * 10}`,
    'peak MB of the smaller': Math.round(small / 1e6),
    'peak MB of the larger': Math.round(large / 1e6),
    'memory ratio': round(large / small),
  };
}
