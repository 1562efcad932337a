/** One line about a run: its times, how far it is, and what became of its records. */
import { hasEnded, type Run } from '../../engine/runs/run.ts';
import { pendingCount } from '../../engine/runs/run-counts.ts';

export interface RunLineOptions {
  now: Date;
  /** Records that the run reads, if it is known. */
  total?: number | undefined;
}

/** @returns such as `<id>  orders  sync  running  since 2026-03-01 12:00:03 (3 min)  120 of 500 read (24%), 118 delivered, …` */
export function runLine(run: Run, options: RunLineOptions): string {
  const { id, resource, kind, state, problem } = run;
  return [
    id,
    resource,
    kind,
    state,
    timesOf(run, options),
    progressOf(run, options),
    ...(problem ? [problem] : []),
  ].join('  ');
}

export function timesOf({ queuedAt, startedAt, endedAt }: Run, { now }: RunLineOptions): string {
  if (startedAt === undefined) return `queued ${shortTime(endedAt ?? queuedAt)}`;
  const took = durationOf(Date.parse(endedAt ?? now.toISOString()) - Date.parse(startedAt));
  return endedAt === undefined
    ? `since ${shortTime(startedAt)} (${took})`
    : `ended ${shortTime(endedAt)} after ${took}`;
}

export function progressOf(run: Run, { total }: RunLineOptions): string {
  const { read, delivered, skipped, rejected } = run.counts;
  // Records that are created meanwhile are read too.
  const all = total === undefined || hasEnded(run) ? undefined : Math.max(total, read);
  const share = all ? ` of ${all}` : '';
  const percent = all ? ` (${Math.floor((100 * (read - pendingCount(run.counts))) / all)}%)` : '';
  return `${read}${share} read${percent}, ${delivered} delivered, ${skipped} skipped, ${rejected} rejected`;
}

/** @returns in UTC, such as 2026-03-01 12:00:03 */
export function shortTime(iso: string): string {
  return iso.slice(0, 19).replace('T', ' ');
}

function durationOf(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
