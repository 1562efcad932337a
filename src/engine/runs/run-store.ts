/** Stores the records of runs: the present or final state, and the point from which another process can resume. */
import { z } from 'zod';
import type { BulkResource } from '../../commercetools/schemas.ts';
import type { Store } from '../../store/store.ts';
import { hasDeleted, hasEnded, isComplete, type Run, runSchema, storedRunSchema, toStoredRun } from './run.ts';

const container = 'ctk-runs';

/** A checkpoint with the counts that belong to it: what was read after it is read and counted again. */
const resumePointSchema = runSchema.pick({ checkpoint: true, counts: true });
export type ResumePoint = z.infer<typeof resumePointSchema>;

const recordSchema = z.object({ run: storedRunSchema, point: resumePointSchema });
export type RunRecord = z.infer<typeof recordSchema> & { version: number };

export interface RunStore {
  get(id: string): Promise<RunRecord | undefined>;
  /** The version of a record, also if its content can't be parsed. */
  versionOf(id: string): Promise<number | 'absent'>;
  put(run: Run, point: ResumePoint, version?: number | 'absent'): Promise<number | 'stale'>;
  /** Latest first. */
  list(): Promise<RunRecord[]>;
  lastSync(resource: BulkResource): Promise<RunRecord | undefined>;
  /**
   * ISO 8601: when the latest complete sync of the resource, of those that started until `notAfter`, started reading;
   * undefined also if what it wrote was deleted since.
   */
  lastCompleteSince(resource: BulkResource, notAfter: Date): Promise<string | undefined>;
  /** Whether a sync has deleted all records of the resource, and none has been complete since. */
  wasDeleted(resource: BulkResource): Promise<boolean>;
  /** Deletes old ended runs; the latest of each resource and kind stay, and the latest complete sync or deletion of all. */
  prune(): Promise<void>;
}

/** @param maxEnded ended runs that are kept for each resource and kind */
export function createRunStore(store: Store, maxEnded: number): RunStore {
  async function list(): Promise<RunRecord[]> {
    const records: RunRecord[] = [];
    for await (const { value, version } of store.list(container)) {
      const parsed = recordSchema.safeParse(value);
      if (parsed.success) records.push({ ...parsed.data, version });
    }
    return records.reverse();
  }

  return {
    async get(id) {
      const stored = await store.get({ container, key: id });
      const parsed = recordSchema.safeParse(stored?.value);
      return stored && parsed.success ? { ...parsed.data, version: stored.version } : undefined;
    },
    versionOf: async (id) => (await store.get({ container, key: id }))?.version ?? 'absent',
    put: (run, point, version) => store.put({ container, key: run.id }, { run: toStoredRun(run), point }, version),
    list,
    async lastSync(resource) {
      return (await list()).find(({ run }) => run.kind === 'sync' && run.resource === resource && hasEnded(run));
    },
    async lastCompleteSince(resource, notAfter) {
      const runs = (await list()).map(({ run }) => run).filter((run) => run.resource === resource);
      const deletion = runs.findIndex(hasDeleted);
      const complete = runs.slice(0, deletion < 0 ? undefined : deletion).filter(isComplete);
      const started = complete.flatMap(({ checkpoint }) => checkpoint?.began ?? []);
      return started.find((began) => Date.parse(began) <= notAfter.getTime());
    },
    async wasDeleted(resource) {
      const runs = (await list()).map(({ run }) => run).filter((run) => run.resource === resource);
      const deciding = runs.find(decidesAboutLast);
      return deciding !== undefined && hasDeleted(deciding);
    },
    async prune() {
      const ended = (await list()).map(({ run }) => run).filter(hasEnded);
      for (const runs of Map.groupBy(ended, ({ resource, kind }) => `${kind}-${resource}`).values())
        for (const run of runs.slice(maxEnded))
          if (run !== runs.find(decidesAboutLast)) await store.remove({ container, key: run.id });
    },
  };
}

/** Whether `since: last` depends on the run. */
function decidesAboutLast(run: Run): boolean {
  return isComplete(run) || hasDeleted(run);
}

/** @returns the point at which the run is now; what was counted after its checkpoint is counted again on resumption */
export function resumePointOf({ checkpoint, counts }: Run): ResumePoint {
  return structuredClone(checkpoint === undefined ? { counts } : { checkpoint, counts: checkpoint.counts });
}

/** @returns the run as it was at that point */
export function withResumePoint({ checkpoint: _later, ...run }: Run, point: ResumePoint): Run {
  return { ...run, ...structuredClone(point) };
}
