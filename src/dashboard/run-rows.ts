/** Runs as the dashboard shows them: without the checkpoint, with phase and total. */
import type { Checkpoint } from '../engine/runs/checkpoint.ts';
import { hasEnded, type Run } from '../engine/runs/run.ts';
import { type CountRecords, totalOf as totalOfRun } from '../engine/runs/run-total.ts';
import type { Runs } from '../engine/runs/runs.ts';
import type { RunLog } from './run-log.ts';
import type { RunDetail, RunRow, Syncs } from './schemas.ts';

export interface RunRowDeps {
  runs: Pick<Runs, 'list' | 'get'>;
  /** Resources that a sync may be started of. */
  syncable: readonly Run['resource'][];
  countOf: CountRecords;
  runLog: RunLog;
  now(): Date;
}

export interface RunRows {
  syncs(): Promise<Syncs>;
  detail(id: string): Promise<RunDetail | undefined>;
}

const maxEnded = 50;

export function createRunRows({ runs, syncable, countOf, runLog, now }: RunRowDeps): RunRows {
  /** Of running runs, by id. */
  const totals = new Map<string, Promise<number | undefined>>();

  /** Counted once for each run, because a count is slow for a large project. */
  async function totalOnce(run: Run): Promise<number | undefined> {
    const total = totals.get(run.id) ?? totalOfRun(countOf, run);
    totals.set(run.id, total);
    const counted = await total;
    if (counted === undefined || run.request.ids) return counted;
    // Records that were created since are read as well.
    return Math.max(counted, run.counts.read - run.counts.caughtUp);
  }

  async function toRow(run: Run): Promise<RunRow> {
    const { checkpoint, ...row } = run;
    const canResume = run.kind === 'sync' && run.state !== 'completed' && hasEnded(run) && checkpoint !== undefined;
    const total = hasEnded(run) ? undefined : await totalOnce(run);
    return { ...row, canResume, phase: phaseOf(run), ...(total === undefined ? {} : { total }) };
  }

  const toRows = (list: readonly Run[]) => Promise.all(list.map(toRow));

  return {
    async syncs() {
      const all = await runs.list();
      for (const id of totals.keys()) if (!all.some((run) => run.id === id && !hasEnded(run))) totals.delete(id);
      const ofKind = (kind: Run['kind'], ended: boolean) =>
        all.filter((run) => run.kind === kind && hasEnded(run) === ended);
      const [running, ended] = [ofKind('sync', false), ofKind('sync', true)];
      return {
        at: now().toISOString(),
        resources: await Promise.all(
          syncable.map(async (resource) => {
            const current = running.find((run) => run.resource === resource);
            const last = ended.find((run) => run.resource === resource);
            const completed = ended.find((run) => run.resource === resource && run.state === 'completed');
            return {
              resource,
              ...(current ? { running: await toRow(current) } : {}),
              ...(last ? { last: await toRow(last) } : {}),
              ...(completed?.endedAt ? { lastCompleted: completed.endedAt } : {}),
            };
          }),
        ),
        ended: await toRows(ended.slice(0, maxEnded)),
        followUps: {
          running: await toRows(ofKind('follow-up', false)),
          ended: await toRows(ofKind('follow-up', true).slice(0, maxEnded)),
        },
      };
    },
    async detail(id) {
      const run = await runs.get(id);
      // A run that waits for a process is in its lease alone.
      const found = run ?? (await runs.list()).find((each) => each.id === id);
      if (!found) return undefined;
      return {
        at: now().toISOString(),
        run: await toRow(found),
        ...positionOf(found.checkpoint),
        log: runLog.linesOf(id),
      };
    },
  };
}

function positionOf(checkpoint: Checkpoint | undefined): Pick<RunDetail, 'ranges' | 'pass'> {
  if (!checkpoint) return {};
  const { ranges, pass } = checkpoint;
  return {
    ...(ranges.length > 0 ? { ranges: { done: ranges.filter(({ done }) => done).length, all: ranges.length } } : {}),
    ...(pass ? { pass: { since: pass.since, until: pass.until } } : {}),
  };
}

function phaseOf({ state, request, checkpoint, counts }: Run): string {
  if (state !== 'running') return state;
  if (request.deleteAll) return 'deleting';
  if (!checkpoint) return 'starting';
  if (checkpoint.ranges.some(({ done }) => !done)) return 'reading';
  const settled = counts.delivered + counts.skipped + counts.rejected;
  if (counts.read > settled) return 'delivering';
  return checkpoint.pass && request.since === undefined ? 'reading changes made meanwhile' : 'reading';
}
