/**
 * Runs: started, stopped, listed; one sync of a resource at a time, different resources side by side. Small runs that
 * follow a message wait while a sync of their resource runs; equal ones that wait are one.
 */
import { randomUUID } from 'node:crypto';
import type { Activity } from '../activity.ts';
import type { BulkResource } from '../commercetools/types.ts';
import type { Follow } from '../rules/rule.ts';
import type { Store } from '../store/store.ts';
import { type BulkParts, runBulk } from './bulk.ts';
import { closeCounts, emptyCounts } from './counts.ts';
import { RunFailed } from './pause.ts';
import { hasEnded, type Run, type RunRequest, runSchema } from './run.ts';

const container = 'ctk-runs';

export interface Runs {
  /** @returns the stored run, or the one that runs already */
  start(resource: BulkResource, request: RunRequest, by: 'api' | 'cli'): Promise<{ started: Run } | { running: Run }>;
  /** @returns the run that is being stopped, or undefined where none runs; the checkpoint stays */
  stop(resource: BulkResource): Run | undefined;
  /** Stores a small run; resolves when it is safe. */
  follow(follow: Follow): Promise<void>;
  /** Those that run or wait, then those that ended, the latest first. */
  list(resource?: BulkResource): Promise<Run[]>;
  /** Resolves when no run is queued or under way. */
  settled(): Promise<void>;
  /** Stops what runs; resolves when it stands still. */
  shutdown(): Promise<void>;
}

export interface RunsParts {
  store: Store;
  activity: Activity;
  /** What a run is worked off with; asked when the first one begins. */
  bulk(): BulkParts;
  now(): Date;
  checkpointMs: number;
  /** Ended runs kept of each resource. */
  kept: number;
}

/** A run under way in this process. */
interface Live {
  run: Run;
  abort: AbortController;
  ended: Promise<void>;
}

export function createRuns(parts: RunsParts): Runs {
  const syncs = new Map<BulkResource, Live>();
  const following = new Map<BulkResource, Live>();
  /** Follow runs that wait, by what they are about. */
  const queued = new Map<string, Run>();
  let shut = false;

  const at = (run: Run) => ({ container, key: run.id });

  function create(resource: BulkResource, kind: Run['kind'], about: Pick<Run, 'request' | 'by'>): Run {
    const queuedAt = parts.now().toISOString();
    const id = `${queuedAt.replace(/[^0-9]/g, '')}-${randomUUID().slice(0, 8)}`;
    return { id, resource, kind, ...about, state: 'queued', counts: emptyCounts(), queuedAt };
  }

  function tell({ id: runId, resource, kind, state, counts, problem }: Run): void {
    parts.activity.tell({
      what: 'run',
      runId,
      resource,
      kind,
      state,
      read: counts.read,
      ...(problem === undefined ? {} : { problem }),
    });
  }

  /** Works the run off and stores how it ended; never rejects. */
  async function work(run: Run, abort: AbortController): Promise<void> {
    run.state = 'running';
    run.startedAt = parts.now().toISOString();
    await save(run);
    tell(run);
    const moved = createMoved(run);
    try {
      await runBulk(parts.bulk(), { run, signal: abort.signal, moved });
      run.state = 'completed';
      delete run.problem;
    } catch (thrown) {
      run.state = abort.signal.aborted ? 'stopped' : 'failed';
      if (abort.signal.aborted) delete run.problem;
      else run.problem = problemOf(thrown);
    }
    closeCounts(run.counts);
    run.endedAt = parts.now().toISOString();
    await save(run);
    tell(run);
  }

  /** A run goes on, and ends, also while its record can't be stored. */
  async function save(run: Run): Promise<void> {
    try {
      await parts.store.put(at(run), run);
    } catch (thrown) {
      const why = thrown instanceof Error ? thrown.message : 'unknown';
      parts.activity.tell({ what: 'warning', detail: `run ${run.id} could not be stored: ${why}` });
    }
  }

  /** Stores the run's progress, every few seconds at most. */
  function createMoved(run: Run): () => void {
    let storedAt = parts.now().getTime();
    return () => {
      const now = parts.now().getTime();
      if (now - storedAt < parts.checkpointMs) return;
      storedAt = now;
      void save(run);
    };
  }

  function begin(run: Run, among: Map<BulkResource, Live>): Live {
    const abort = new AbortController();
    const live: Live = { run, abort, ended: Promise.resolve() };
    among.set(run.resource, live);
    live.ended = work(run, abort).then(async () => {
      among.delete(run.resource);
      // At once, so that there is no moment in which nothing seems to be left.
      beginFollowing(run.resource);
      await forgetOld(run.resource);
    });
    return live;
  }

  /** The next small run of the resource, unless a sync or another one is under way. */
  function beginFollowing(resource: BulkResource): void {
    if (shut || syncs.has(resource) || following.has(resource)) return;
    const next = [...queued].find(([, run]) => run.resource === resource);
    if (!next) return;
    // From here on an equal one is a new one: this one may have read already.
    queued.delete(next[0]);
    begin(next[1], following);
  }

  async function forgetOld(resource: BulkResource): Promise<void> {
    try {
      const ended = (await stored()).filter((run) => run.resource === resource && hasEnded(run));
      for (const run of ended.slice(parts.kept)) await parts.store.remove(at(run));
    } catch {
      // They are forgotten after the next run.
    }
  }

  /** The latest first. */
  async function stored(): Promise<Run[]> {
    const found: Run[] = [];
    for await (const { value } of parts.store.list(container)) {
      const parsed = runSchema.safeParse(value);
      if (parsed.success) found.push(parsed.data);
    }
    return found.reverse();
  }

  const live = () => [...syncs.values(), ...following.values()];

  return {
    async start(resource, request, by) {
      const running = syncs.get(resource);
      if (running) return { running: running.run };
      const run = create(resource, 'sync', { request, by });
      begin(run, syncs);
      return { started: run };
    },
    stop(resource) {
      const running = syncs.get(resource);
      if (!running) return undefined;
      running.run.state = 'stopping';
      running.abort.abort();
      return running.run;
    },
    async follow({ resource, where, reason }) {
      const key = `${resource}:${where}`;
      if (queued.has(key)) return;
      const run = create(resource, 'follow', { request: { where, reason }, by: 'message' });
      queued.set(key, run);
      await parts.store.put(at(run), run);
      beginFollowing(resource);
    },
    async list(resource) {
      const now = new Map(live().map(({ run }) => [run.id, run]));
      const all = (await stored())
        .map((run) => now.get(run.id) ?? run)
        .filter((run) => resource === undefined || run.resource === resource);
      return [...all.filter((run) => !hasEnded(run)), ...all.filter(hasEnded)];
    },
    async settled() {
      // What is queued begins when what is live has ended.
      while (live().length > 0) await Promise.all(live().map(({ ended }) => ended));
    },
    async shutdown() {
      shut = true;
      for (const { run, abort } of live()) {
        run.state = 'stopping';
        abort.abort();
      }
      await Promise.all(live().map(({ ended }) => ended));
    },
  };
}

function problemOf(thrown: unknown): string {
  if (thrown instanceof RunFailed) return thrown.message;
  return `our own fault: ${thrown instanceof Error ? thrown.message : 'unknown'}`;
}
