/** The first catalogue sync with job durations as recorded, held against the shortest time that Klaviyo's limits allow. */

import { catalogJobMs } from '../sandbox/klaviyo/job-durations.ts';
import { syncOnce } from './bulk.ts';
import { type EnvironmentOptions, withEnvironment } from './environment.ts';
import { type Figures, percentile, perMinute, requestsOf, round, throttledShare } from './measure.ts';
import { orders } from './realtime.ts';

/** Records of a job, and jobs in progress of one type. */
const maxRecords = 100;
const maxInProgress = 500;
const variantsPerProduct = 3;
const realtimePerSecond = 5;

/**
 * Starts each job as soon as it is available, 500 are in progress at most and the published rate allows it.
 * @param availableAt milliseconds, by job @returns when each job ends
 */
function idealEnds(availableAt: readonly number[], startsPerMinute: number): number[] {
  const gapMs = 60_000 / startsPerMinute;
  const inProgress: number[] = [];
  let nextStart = 0;
  return availableAt
    .toSorted((left, right) => left - right)
    .map((available, index) => {
      let start = Math.max(available, nextStart);
      if (inProgress.length >= maxInProgress) start = Math.max(start, inProgress.shift() ?? 0);
      nextStart = start + gapMs;
      const end = start + catalogJobMs('recorded', index + 1);
      inProgress.splice(inProgress.findLastIndex((other) => other <= end) + 1, 0, end);
      return end;
    });
}

/** @returns seconds that the shortest possible sync takes: variants can be sent once the job of their items has ended */
function idealSeconds(products: number): number {
  const itemJobs = Array.from({ length: Math.ceil(products / maxRecords) }, () => 0);
  const itemEnds = idealEnds(itemJobs, perMinute('createItems'));
  const available = itemEnds.flatMap((end) => Array.from({ length: variantsPerProduct }, () => end));
  return Math.max(...idealEnds(available, perMinute('createVariants'))) / 1_000;
}

/** Syncs a catalogue while orders arrive. */
export async function slowJobs(options: EnvironmentOptions): Promise<Record<string, Figures>> {
  return withEnvironment({ ...options, jobMs: 'recorded' }, async (environment, service) => {
    let isSynced = false;
    const syncing = syncOnce(environment, service, { resource: 'products' }).finally(() => {
      isSynced = true;
    });
    const tookMs: number[] = [];
    let lost = 0;
    for (let first = 0; !isSynced; first += realtimePerSecond) {
      const stream = { perSecond: realtimePerSecond, seconds: 1, first, shopSize: options.size };
      const delivered = await orders(service, stream);
      tookMs.push(...delivered.tookMs);
      lost += delivered.lost;
    }
    const { read, seconds, peakBytes, report } = await syncing;
    return {
      'catalogue, first sync, job durations as recorded': {
        records: read,
        seconds: round(seconds, 1),
        'share of what the limits allow': round(idealSeconds(options.size.products) / seconds),
        '429s': round(throttledShare(report), 4),
        'peak MB': Math.round(peakBytes / 1e6),
        'orders meanwhile': tookMs.length,
        'not acknowledged': lost,
        'orders, 95 % within s': round(
          percentile(
            tookMs.toSorted((left, right) => left - right),
            0.95,
          ) / 1_000,
        ),
        requests: requestsOf(report),
      },
    };
  });
}
