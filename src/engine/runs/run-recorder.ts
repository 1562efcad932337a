/** Keeps a run's record while it is worked off: seldom, one write at a time, each fenced by the record's version. */
import type { Run } from './run.ts';
import { type Point, pointOf, type RunStore } from './run-store.ts';

export interface RunRecorder {
  /** The run changed; cheap to call. */
  markDirty(): void;
  /** Stores the run as it is; @returns whether that worked. */
  save(): Promise<boolean>;
}

export interface RunRecorderDeps {
  records: RunStore;
  run: Run;
  /** Where it begins. */
  point: Point;
  /** Of the record as it was read or made. */
  version: number;
  checkpointMs: number;
  /** Somebody else wrote the record: the run is theirs. */
  onLost(): void;
  onTrouble(detail: string): void;
}

export function createRunRecorder(parts: RunRecorderDeps): RunRecorder {
  const { records, run, checkpointMs } = parts;
  let { point, version } = parts;
  let reached = JSON.stringify(run.checkpoint);
  let storedAt = performance.now();
  let writing: Promise<boolean> = Promise.resolve(true);
  let queued = false;
  const { holder } = run;

  async function put(): Promise<boolean> {
    for (;;) {
      const stored = await records.put(run, point, version);
      if (stored !== 'stale') {
        version = stored;
        return true;
      }
      // A write of ours whose answer never came is no loss.
      const now = await records.get(run.id);
      if (now === undefined || now.run.holder !== holder) {
        parts.onLost();
        return false;
      }
      version = now.version;
    }
  }

  function save(): Promise<boolean> {
    queued = true;
    writing = writing.then(async () => {
      queued = false;
      storedAt = performance.now();
      try {
        return await put();
      } catch (thrown) {
        const why = thrown instanceof Error ? thrown.message : 'unknown';
        parts.onTrouble(`run ${run.id} could not be stored: ${why}`);
        return false;
      }
    });
    return writing;
  }

  return {
    markDirty() {
      const now = JSON.stringify(run.checkpoint);
      // Checkpoint and counts are taken in one moment: that in which the checkpoint moves.
      if (now !== reached) {
        reached = now;
        point = pointOf(run);
      }
      if (!queued && performance.now() - storedAt >= checkpointMs) void save();
    },
    save,
  };
}
