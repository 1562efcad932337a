/** The records of runs: how each is now or how it ended, and the point from which another process can go on. */
import { z } from 'zod';
import type { BulkResource } from '../../commercetools/schemas.ts';
import type { Store } from '../../store/store.ts';
import { hasEnded, isWhole, type Run, runSchema, storedRunSchema, toStoredRun } from './run.ts';

const container = 'ctk-runs';

/** A checkpoint with the counts that belong to it: what was read behind it is read again by whoever goes on. */
const pointSchema = runSchema.pick({ checkpoint: true, counts: true });
export type Point = z.infer<typeof pointSchema>;

const recordSchema = z.object({ run: storedRunSchema, point: pointSchema });
export type RunRecord = z.infer<typeof recordSchema> & { version: number };

export interface RunStore {
  get(id: string): Promise<RunRecord | undefined>;
  /** Also of a record that can't be read, as one of another version of this service. */
  versionOf(id: string): Promise<number | 'absent'>;
  put(run: Run, point: Point, version?: number | 'absent'): Promise<number | 'stale'>;
  /** The latest first. */
  list(): Promise<RunRecord[]>;
  /** The latest sync of the resource that has ended. */
  lastSync(resource: BulkResource): Promise<RunRecord | undefined>;
  /** ISO 8601: when the latest complete sync of the resource began, also one that is older than those that are kept. */
  lastBegan(resource: BulkResource): Promise<string | undefined>;
  /** Keeps only the latest of each resource and kind, and the latest complete sync. */
  prune(): Promise<void>;
}

/** @param kept ended runs of each resource and kind */
export function createRunStore(store: Store, kept: number): RunStore {
  async function list(): Promise<RunRecord[]> {
    const found: RunRecord[] = [];
    for await (const { value, version } of store.list(container)) {
      const parsed = recordSchema.safeParse(value);
      if (parsed.success) found.push({ ...parsed.data, version });
    }
    return found.reverse();
  }

  return {
    async get(id) {
      const found = await store.get({ container, key: id });
      const parsed = recordSchema.safeParse(found?.value);
      return found && parsed.success ? { ...parsed.data, version: found.version } : undefined;
    },
    versionOf: async (id) => (await store.get({ container, key: id }))?.version ?? 'absent',
    put: (run, point, version) => store.put({ container, key: run.id }, { run: toStoredRun(run), point }, version),
    list,
    async lastSync(resource) {
      return (await list()).find(({ run }) => run.kind === 'sync' && run.resource === resource && hasEnded(run));
    },
    async lastBegan(resource) {
      const last = (await list()).find(({ run }) => run.resource === resource && isWhole(run));
      return last?.run.checkpoint?.began;
    },
    async prune() {
      const ended = (await list()).map(({ run }) => run).filter(hasEnded);
      for (const runs of Map.groupBy(ended, ({ resource, kind }) => `${kind}-${resource}`).values())
        for (const run of runs.slice(kept))
          if (run !== runs.find(isWhole)) await store.remove({ container, key: run.id });
    },
  };
}

/** The point where the run is now; what was counted behind its checkpoint is counted again by whoever goes on. */
export function pointOf({ checkpoint, counts }: Run): Point {
  return structuredClone(checkpoint === undefined ? { counts } : { checkpoint, counts: checkpoint.counts });
}

/** @returns the run as it was at that point */
export function atPoint({ checkpoint: _moved, ...run }: Run, point: Point): Run {
  return { ...run, ...structuredClone(point) };
}
