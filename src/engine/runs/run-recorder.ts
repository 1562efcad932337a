/** Stores a run's record while it is executed: at intervals, one write at a time, each fenced by the record's version. */
import { messageOf } from '../../lib/errors.ts';
import type { Run } from './run.ts';
import { type ResumePoint, type RunStore, resumePointOf } from './run-store.ts';

export interface RunRecorderDeps {
  runStore: RunStore;
  run: Run;
  /** The point from which the run started. */
  point: ResumePoint;
  /** The version of the record as it was read or created. */
  version: number;
  checkpointMs: number;
  /** Another process wrote the record, so it holds the run. */
  onLost(): void;
  onError(detail: string): void;
}

export type RunRecorder = ReturnType<typeof createRunRecorder>;

export function createRunRecorder(deps: RunRecorderDeps) {
  const { runStore, run, checkpointMs } = deps;
  let { point, version } = deps;
  let lastCheckpoint = JSON.stringify(run.checkpoint);
  let storedAt = performance.now();
  let writing: Promise<boolean> = Promise.resolve(true);
  let isQueued = false;
  let isClosed = false;
  /** Stores the last change if none follows, such as a pause. */
  let trailing: NodeJS.Timeout | undefined;
  const { holder } = run;

  async function put(state: Run): Promise<boolean> {
    for (;;) {
      const stored = await runStore.put(state, point, version);
      if (stored !== 'stale') {
        version = stored;
        return true;
      }
      // The newer version may be a write of this process whose answer was lost.
      const current = await runStore.get(run.id);
      if (current === undefined || current.run.holder !== holder) {
        deps.onLost();
        return false;
      }
      version = current.version;
    }
  }

  function clearTrailing(): void {
    clearTimeout(trailing);
    trailing = undefined;
  }

  /** Stores the run now. @param state what is stored, unless it is the run as it is shown. @returns whether that succeeded */
  function save(state: Run = run): Promise<boolean> {
    clearTrailing();
    isQueued = true;
    writing = writing.then(async () => {
      isQueued = false;
      storedAt = performance.now();
      try {
        return await put(state);
      } catch (thrown) {
        deps.onError(`run ${run.id} could not be stored: ${messageOf(thrown)}`);
        return false;
      }
    });
    return writing;
  }

  return {
    /** The run has changed; cheap to call. */
    markDirty(): void {
      const checkpoint = JSON.stringify(run.checkpoint);
      // Checkpoint and counts belong together: both are taken when the checkpoint moves.
      if (checkpoint !== lastCheckpoint) {
        lastCheckpoint = checkpoint;
        point = resumePointOf(run);
      }
      if (isQueued || isClosed) return;
      const waitMs = checkpointMs - (performance.now() - storedAt);
      if (waitMs <= 0) void save();
      else trailing ??= setTimeout(() => void save(), waitMs).unref();
    },
    save,
    /** Stores nothing more on its own: the run has ended here. */
    close(): void {
      isClosed = true;
      clearTrailing();
    },
  };
}
