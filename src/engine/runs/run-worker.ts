/** Works off runs that this process holds, and says how each ended; a run that was taken over goes on from its point. */

import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../../lib/errors.ts';
import type { Store } from '../../store/store.ts';
import type { AppEvents } from '../../telemetry/app-events.ts';
import { RunEnded, RunFailed } from './errors.ts';
import type { Lease } from './lease.ts';
import { type LeaseHeartbeat, startLeaseHeartbeat } from './lease-heartbeat.ts';
import { hasEnded, type Run } from './run.ts';
import { closeCounts } from './run-counts.ts';
import type { ExecuteRun } from './run-execution.ts';
import { createRunRecorder, type RunRecorder } from './run-recorder.ts';
import { atPoint, pointOf, type RunStore } from './run-store.ts';

/** A run under way in this process. */
export interface ActiveRun {
  run: Run;
  key: string;
  /** Ends it before its end. */
  end(why: 'stop' | 'hand-over'): void;
  /** Resolves when nothing of it is under way any more; never rejects. */
  ended: Promise<void>;
}

export interface RunWorkerDeps {
  store: Store;
  records: RunStore;
  events: AppEvents;
  execute: ExecuteRun;
  now(): Date;
  checkpointMs: number;
  leaseMs: number;
}

/** While the store is away at the end of a run. */
const saveAgainMs = 500;

export interface RunWorker {
  /** @param lease as this process has just taken it */
  begin(lease: Lease): ActiveRun;
  active(): readonly ActiveRun[];
}

/** @param onEnded called when a run has ended and its lease is released */
export function createRunWorker(parts: RunWorkerDeps, onEnded: (live: ActiveRun) => void): RunWorker {
  const inFlight = new Map<string, ActiveRun>();
  const warn = (detail: string) => parts.events.emit({ type: 'warning', detail });

  function tell({ id: runId, resource, kind, state, counts, problem }: Run): void {
    const said = problem === undefined ? {} : { problem };
    parts.events.emit({ type: 'run', runId, resource, kind, state, read: counts.read, ...said });
  }

  /** The run's record: made, or taken over from whoever held it before. */
  async function open(run: Run, holder: string, hold: LeaseHeartbeat): Promise<RunRecorder | undefined> {
    const before = await parts.records.get(run.id);
    if (before && hasEnded(before.run)) return undefined;
    if (before) Object.assign(run, atPoint(before.run, before.point));
    closeCounts(run.counts);
    run.holder = holder;
    run.state = 'running';
    run.startedAt ??= parts.now().toISOString();
    delete run.problem;
    const point = pointOf(run);
    const known = before?.version ?? (await parts.records.versionOf(run.id));
    const version = await parts.records.put(run, point, known);
    if (version === 'stale') throw new Error('somebody else holds it');
    const { records, checkpointMs } = parts;
    return createRunRecorder({
      ...{ records, run, point, version, checkpointMs },
      onLost: () => hold.end('lost'),
      onTrouble: warn,
    });
  }

  /** The record that says how it ended must be there before the lease is released. */
  async function close(run: Run, progress: RunRecorder, hold: LeaseHeartbeat): Promise<void> {
    while (!hold.isLost() && !(await progress.save())) await sleep(saveAgainMs);
    if (hold.isLost())
      return warn(`run ${run.id} is left to whoever takes it over: this process could not hold its lease`);
    if (hasEnded(run)) await hold.release();
    else await hold.handOver();
    tell(run);
  }

  async function work(run: Run, holder: string, hold: LeaseHeartbeat): Promise<void> {
    const progress = await open(run, holder, hold);
    if (!progress) return hold.release();
    tell(run);
    try {
      hold.signal.throwIfAborted();
      await parts.execute({ run, signal: hold.signal, markDirty: progress.markDirty });
      run.state = 'completed';
      delete run.problem;
    } catch (thrown) {
      settle(run, hold.signal, thrown);
    }
    closeCounts(run.counts);
    if (hasEnded(run)) run.endedAt = parts.now().toISOString();
    await close(run, progress, hold);
  }

  return {
    begin(lease) {
      const hold = startLeaseHeartbeat({ ...parts, onTrouble: warn }, lease);
      const run = structuredClone(lease.value.run);
      if (lease.value.stop) hold.end('stop');
      const live: ActiveRun = {
        run,
        key: lease.at.key,
        end(why) {
          run.state = why === 'stop' ? 'stopping' : 'pausing';
          hold.end(why);
        },
        ended: Promise.resolve(),
      };
      inFlight.set(live.key, live);
      live.ended = work(run, lease.value.holder, hold)
        .catch(async (thrown: unknown) => {
          warn(`run ${run.id} can't be worked off now: ${messageOf(thrown)}`);
          await hold.handOver();
        })
        .then(() => {
          inFlight.delete(live.key);
          onEnded(live);
        });
      return live;
    },
    active: () => [...inFlight.values()],
  };
}

/** How a run stands that did not come to its end. */
function settle(run: Run, signal: AbortSignal, thrown: unknown): void {
  delete run.problem;
  const ending: unknown = signal.reason;
  if (signal.aborted) run.state = ending instanceof RunEnded && ending.reason === 'stop' ? 'stopped' : 'paused';
  else {
    run.state = 'failed';
    run.problem = thrown instanceof RunFailed ? thrown.message : `internal error: ${messageOf(thrown)}`;
  }
}
