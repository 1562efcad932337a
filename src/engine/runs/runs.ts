/**
 * Runs: started, stopped, listed; one sync of a resource at a time, different resources side by side, by however many
 * processes share the store.
 */
import { randomUUID } from 'node:crypto';
import type { BulkResource } from '../../commercetools/schemas.ts';
import type { FollowUpQueue } from './follow-ups.ts';
import { type Lease, type LeaseValue, leaseKey, listLeases, putLease, readLease, UNHELD } from './lease.ts';
import { resolveSince } from './resolve-since.ts';
import { createRun, hasEnded, type Run, type RunRequest, type Starter } from './run.ts';
import { closeCounts } from './run-counts.ts';
import { createRunPoller, type RunPollerDeps } from './run-poller.ts';
import { createRunStore, pointOf } from './run-store.ts';

export type Started =
  | { started: Run }
  /** alive: seen at work by this process; else its holder may be dead. */
  | { running: Run; alive: boolean }
  | { refused: string };

export interface Runs {
  /** @returns the stored run, or the one that runs already; `refused` says why `since` makes no sense */
  start(resource: BulkResource, request: RunRequest, by: Starter): Promise<Started>;
  /** Goes on from where the last sync of the resource was stopped; `refused` says why it can't. */
  resume(resource: BulkResource, by: Starter): Promise<Started>;
  /** @returns the run that is being stopped, in whichever process; undefined where none runs; the checkpoint stays */
  stop(resource: BulkResource): Promise<Run | undefined>;
  /** Those that run or wait, then those that ended, the latest first. */
  list(resource?: BulkResource): Promise<Run[]>;
  /** The run as it is by now, wherever it is worked off. */
  get(id: string): Promise<Run | undefined>;
  /** From now on works off what is queued, and what a dead process left. */
  open(): void;
  /** Resolves when this process has nothing to do. */
  settled(): Promise<void>;
  /** Hands back what runs; resolves when it stands still. */
  shutdown(): Promise<void>;
}

export interface RunsDeps extends Omit<RunPollerDeps, 'records'> {
  /** Ended runs that are kept for each resource and kind. */
  maxEnded: number;
  followUps: Pick<FollowUpQueue, 'onAdded'>;
}

export function createRuns(parts: RunsDeps): Runs {
  const { store } = parts;
  const records = createRunStore(store, parts.maxEnded);
  const poller = createRunPoller({ ...parts, records });
  parts.followUps.onAdded(() => void poller.poll());

  async function get(id: string): Promise<Run | undefined> {
    const live = poller.active().find(({ run }) => run.id === id);
    return live?.run ?? (await records.get(id))?.run;
  }

  /** A sync that goes on, where the lease is not the remains of one. */
  async function holding(lease: Lease, by: Starter): Promise<{ running: Run; alive: boolean } | undefined> {
    const running = (await get(lease.value.run.id)) ?? lease.value.run;
    if (hasEnded(running)) return undefined;
    const holder = poller.observe(lease);
    // A service takes over what a dead process left; where only the command line is used nobody would.
    return by === 'cli' && holder === 'dead' ? undefined : { running, alive: holder === 'alive' };
  }

  async function enqueue(run: Run, by: Starter): Promise<Started> {
    const at = leaseKey('sync', run.resource);
    const here = parts.runKinds.includes('sync');
    const value: LeaseValue = { run, beat: 0, holder: here ? randomUUID() : UNHELD };
    for (;;) {
      const before = await readLease(store, at);
      const running = before && (await holding(before, by));
      if (running) return running;
      const version = await putLease(store, at, value, before?.version ?? 'absent');
      if (version === 'stale') continue;
      if (before) await endFor(before);
      return { started: here ? poller.begin({ at, version, value }) : run };
    }
  }

  /** Says of a run that nobody works off that it ended: it can be gone on from. */
  async function endFor({ value }: Lease): Promise<void> {
    const record = await records.get(value.run.id);
    const run = record?.run ?? value.run;
    if (hasEnded(run)) return;
    const ended: Run = { ...run, counts: { ...run.counts }, state: 'stopped', endedAt: parts.now().toISOString() };
    closeCounts(ended.counts);
    await records.put(ended, record?.point ?? pointOf(run), record?.version ?? 'absent');
  }

  /** Leaves word for its holder; what nobody holds ends here. */
  async function stopElsewhere(lease: Lease): Promise<Run | undefined> {
    const run = (await get(lease.value.run.id)) ?? lease.value.run;
    if (hasEnded(run)) return undefined;
    const version = await putLease(store, lease.at, { ...lease.value, stop: true }, lease.version);
    if (version === 'stale') return stop(run.resource);
    if (lease.value.holder === UNHELD) {
      await endFor(lease);
      await store.remove(lease.at, version);
    }
    return { ...run, state: 'stopping' };
  }

  async function stop(resource: BulkResource): Promise<Run | undefined> {
    const at = leaseKey('sync', resource);
    const live = poller.active().find(({ key }) => key === at.key);
    if (live) {
      live.end('stop');
      return live.run;
    }
    const lease = await readLease(store, at);
    return lease && stopElsewhere(lease);
  }

  return {
    async start(resource, request, by) {
      const asked = await resolveSince({ resource, request, now: parts.now(), lastBegan: records.lastBegan });
      if ('refused' in asked) return asked;
      const { gap, ...since } = asked;
      const run = createRun({ resource, kind: 'sync', request: { ...request, ...since }, by, now: parts.now() });
      return enqueue({ ...run, ...(gap ? { gap } : {}) }, by);
    },
    async resume(resource, by) {
      const last = await records.lastSync(resource);
      if (!last || last.run.state === 'completed' || last.point.checkpoint === undefined)
        return { refused: `there is no stopped sync of ${resource} with a position to go on from` };
      const { request, gap, id } = last.run;
      const run = createRun({ resource, kind: 'sync', request, by, now: parts.now() });
      return enqueue({ ...run, ...(gap ? { gap } : {}), ...last.point, resumes: id }, by);
    },
    stop,
    async list(resource) {
      const stored = (await records.list()).map(({ run }) => run);
      const known = new Set(stored.map(({ id }) => id));
      const waiting = (await listLeases(store)).map(({ value }) => value.run).filter(({ id }) => !known.has(id));
      const now = new Map(poller.active().map(({ run }) => [run.id, run]));
      const all = [...waiting, ...stored]
        .map((run) => now.get(run.id) ?? run)
        .filter((run) => resource === undefined || run.resource === resource)
        .sort((one, other) => (one.id < other.id ? 1 : -1));
      return [...all.filter((run) => !hasEnded(run)), ...all.filter(hasEnded)];
    },
    get,
    open: poller.open,
    settled: poller.settled,
    shutdown: poller.shutdown,
  };
}

/** A process for realtime alone works off what its messages lead to, and leaves syncs to those that serve /sync. */
export function runKindsOf(process: {
  runWorker: boolean;
  bulk: boolean;
  claim: RunsDeps['claim'];
}): readonly Run['kind'][] {
  if (process.claim === 'own') return ['sync'];
  if (!process.runWorker) return [];
  return process.bulk ? ['sync', 'follow-up'] : ['follow-up'];
}
