/** Executes runs whose lease this process holds, and stores how each ended. A run that was taken over resumes. */
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../../lib/errors.ts';
import { omitUndefined } from '../../lib/omit-undefined.ts';
import type { Store } from '../../store/store.ts';
import type { AppEvents } from '../../telemetry/app-events.ts';
import { RunEnded, RunFailed } from './errors.ts';
import { type Lease, runLeases } from './lease.ts';
import { type LeaseHeartbeat, startLeaseHeartbeat } from './lease-heartbeat.ts';
import { hasEnded, type Run } from './run.ts';
import { closeCounts } from './run-counts.ts';
import { createRunRecorder, type RunRecorder } from './run-recorder.ts';
import { type RunStore, resumePointOf, withResumePoint } from './run-store.ts';

export interface ActiveRun {
  run: Run;
  key: string;
  end(reason: 'stop' | 'hand-over'): void;
  /** Resolves when nothing of the run is in flight; never rejects. */
  ended: Promise<void>;
}

export interface RunWorkerDeps {
  store: Store;
  runStore: RunStore;
  events: AppEvents;
  /** Executes a run to its end. Rejects with RunFailed, or with the signal's reason once that is aborted. */
  execute(execution: RunExecution): Promise<void>;
  now(): Date;
  checkpointMs: number;
  leaseMs: number;
}

/** What the execution of a run gets from the worker that holds the run. */
export interface RunExecution {
  /** Its counts, state and checkpoint are updated while it is executed. */
  run: Run;
  /** Aborted with a RunEnded: what is in flight completes, nothing new is started. */
  signal: AbortSignal;
  /** The run has changed and must be stored; cheap to call. */
  markDirty(): void;
}

/** How an execution ended. */
type RunEnd = Pick<Run, 'state' | 'problem'>;

/** Between attempts to store how a run ended. */
const saveRetryMs = 500;

/** @param onEnded called when a run has ended and its lease is released */
export function createRunWorker(deps: RunWorkerDeps, onEnded: (run: ActiveRun) => void) {
  /** A run whose lease is being released may be here beside the next one of its resource. */
  const activeRuns = new Set<ActiveRun>();
  const { runStore, events, checkpointMs } = deps;
  const warn = (detail: string) => events.emit({ type: 'warning', detail });

  function emitState({ id: runId, resource, kind, state, counts, problem }: Run): void {
    events.emit(omitUndefined({ type: 'run' as const, runId, resource, kind, state, read: counts.read, problem }));
  }

  /** Creates the run's record, or takes it over. @returns undefined if the run has ended already */
  async function openRecord(run: Run, holder: string, lease: LeaseHeartbeat): Promise<RunRecorder | undefined> {
    const stored = await runStore.get(run.id);
    if (stored && hasEnded(stored.run)) return undefined;
    if (stored) Object.assign(run, withResumePoint(stored.run, stored.point));
    closeCounts(run.counts);
    run.holder = holder;
    run.state = 'running';
    run.startedAt ??= deps.now().toISOString();
    delete run.problem;
    const point = resumePointOf(run);
    const version = await runStore.put(run, point, stored?.version ?? (await runStore.versionOf(run.id)));
    if (version === 'stale') throw new Error('another process holds it');
    return createRunRecorder({
      ...{ runStore, run, point, version, checkpointMs },
      onLost: () => lease.end('lost'),
      onError: warn,
    });
  }

  /**
   * The record that says how the run ended is stored before that is shown, because the next sync of the resource may start
   * then, and before the lease is released.
   */
  async function closeRecord(run: Run, ended: Run, recorder: RunRecorder, lease: LeaseHeartbeat): Promise<void> {
    while (!lease.isLost() && !(await recorder.save(ended))) await sleep(saveRetryMs);
    if (lease.isLost()) return warn(`the lease of run ${run.id} was lost; another process continues the run`);
    delete run.problem;
    Object.assign(run, ended);
    if (hasEnded(run)) await lease.release();
    else await lease.handOver();
    emitState(run);
  }

  /** @param onExecuted called when nothing can stop the run any more */
  async function work(run: Run, holder: string, lease: LeaseHeartbeat, onExecuted: () => void): Promise<void> {
    const recorder = await openRecord(run, holder, lease);
    if (!recorder) return lease.release();
    emitState(run);
    let end: RunEnd;
    try {
      lease.signal.throwIfAborted();
      await deps.execute({ run, signal: lease.signal, markDirty: recorder.markDirty });
      end = { state: 'completed' };
    } catch (thrown) {
      end = endOf(lease.signal, thrown);
    } finally {
      recorder.close();
      onExecuted();
    }
    closeCounts(run.counts);
    const { problem: _past, ...shown } = run;
    const ended: Run = { ...shown, ...end };
    if (hasEnded(ended)) ended.endedAt = deps.now().toISOString();
    await closeRecord(run, ended, recorder, lease);
  }

  return {
    /** @param claimed the lease that this process has just claimed */
    begin(claimed: Lease): ActiveRun {
      const { at, value } = claimed;
      const lease = startLeaseHeartbeat({ ...deps, onError: warn }, claimed, runLeases);
      const run = structuredClone(value.run);
      if (value.stop) lease.end('stop');
      let isExecuted = false;
      const active: ActiveRun = {
        run,
        key: at.key,
        end(reason) {
          // Only its record is being stored.
          if (isExecuted) return;
          run.state = reason === 'stop' ? 'stopping' : 'pausing';
          lease.end(reason);
        },
        ended: Promise.resolve(),
      };
      activeRuns.add(active);
      active.ended = work(run, value.holder, lease, () => {
        isExecuted = true;
      })
        .catch(async (thrown: unknown) => {
          warn(`run ${run.id} can't be executed now: ${messageOf(thrown)}`);
          await lease.handOver();
        })
        .then(() => {
          activeRuns.delete(active);
          onEnded(active);
        });
      return active;
    },
    active: (): readonly ActiveRun[] => [...activeRuns],
  };
}

function endOf(signal: AbortSignal, thrown: unknown): RunEnd {
  const ending: unknown = signal.reason;
  if (signal.aborted) return { state: ending instanceof RunEnded && ending.reason === 'stop' ? 'stopped' : 'paused' };
  return {
    state: 'failed',
    problem: thrown instanceof RunFailed ? thrown.message : `internal error: ${messageOf(thrown)}`,
  };
}
