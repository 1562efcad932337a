/** Derives figures from counts: requests, batch fill, share of the published rate limit, CPU, memory. */

import { z } from 'zod';
import { endpoints } from '../src/klaviyo/api/endpoints.ts';
import { type RequestReport, reportShape } from './fakes/counters.ts';
import type { BenchProcess } from './processes.ts';

const usageShape = z.object({ cpuSeconds: z.number(), peakBytes: z.number() });
const reported = z.object({ report: reportShape });

export const usageOf = (running: BenchProcess) => running.request('usage', usageShape);
export const reportOf = async (klaviyo: BenchProcess) => (await klaviyo.request('report', reported)).report;

/** Results of one scenario: counts and ratios, and the duration in seconds. */
export type Figures = Record<string, number | string>;

const minuteMs = 60_000;

/**
 * Returns the lowest share of the published limit (requests per minute) used in a full minute; undefined for runs under
 * a minute.
 */
export function shareOfLimit(report: RequestReport, operation: string, perMinute: number): number | undefined {
  const times = report.operations[operation]?.times ?? [];
  const first = times[0];
  const last = times.at(-1);
  if (first === undefined || last === undefined) return undefined;
  const minutes = Math.floor((last - first) / minuteMs);
  if (minutes === 0) return undefined;
  const counts = Array.from({ length: minutes }, (_, minute) => {
    const from = first + minute * minuteMs;
    return times.filter((time) => time >= from && time < from + minuteMs).length;
  });
  return Math.min(...counts) / perMinute;
}

/**
 * Returns the mean fill of the bodies, by count or by bytes, whichever is higher. Excludes the last `leftOver` bodies,
 * which hold the remainder.
 */
export function fullness(
  report: RequestReport,
  operation: string,
  { max, leftOver }: { max: number; leftOver: number },
): number {
  const { fills = [], sizes = [] } = report.operations[operation] ?? {};
  const bodies = fills.map((count, index) => Math.max(count / max, (sizes[index] ?? 0) / 5_000_000));
  const counted = bodies.slice(0, Math.max(1, bodies.length - leftOver));
  return counted.reduce((sum, fill) => sum + fill, 0) / counted.length;
}

/** Formats request counts by operation and status, such as `create_event 202×5 429×1`. */
export function requestsOf(report: RequestReport): string {
  return Object.entries(report.operations)
    .map(
      ([name, { statuses }]) =>
        `${name} ${Object.entries(statuses)
          .map(([status, count]) => `${status}×${count}`)
          .join(' ')}`,
    )
    .join('; ');
}

/** Returns the share of 429 responses. */
export function throttledShare(report: RequestReport): number {
  const counts = Object.values(report.operations).flatMap(({ statuses }) => Object.entries(statuses));
  const all = counts.reduce((sum, [, count]) => sum + count, 0);
  const throttled = counts.reduce((sum, [status, count]) => (status === '429' ? sum + count : sum), 0);
  return all === 0 ? 0 : throttled / all;
}

/** Returns Klaviyo's published limit of an endpoint, in requests per minute. */
export const perMinute = (name: keyof typeof endpoints) => endpoints[name].perMinute;

/** Returns the value at `part` (0 to 1) of a sorted list. */
export function percentile(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}

export const round = (value: number, digits = 2) => Number(value.toFixed(digits));

export function median(values: readonly number[]): number {
  return percentile(
    values.toSorted((left, right) => left - right),
    0.5,
  );
}
