/**
 * Starts, stops and lists runs. One sync per resource runs at a time, syncs of different resources run concurrently, in any
 * number of processes that share the store.
 */
import { randomUUID } from 'node:crypto';
import type { BulkResource } from '../../commercetools/schemas.ts';
import { type StoreKey, untilWritten } from '../../store/store.ts';
import type { CountFlowEvents, FlowCount } from './flow-confirmation.ts';
import type { FollowUpQueue } from './follow-ups.ts';
import { type Lease, type LeaseValue, leaseKey, listLeases, putLease, readLease, UNHELD } from './lease.ts';
import { resolveSince, type StartRefusal } from './resolve-since.ts';
import { createRun, hasEnded, type Run, type RunRequest, type Starter } from './run.ts';
import { closeCounts } from './run-counts.ts';
import { createRunPoller, type RunPollerDeps } from './run-poller.ts';
import { createRunStore, resumePointOf } from './run-store.ts';

export type StartResult =
  | { started: Run }
  /** alive: this process has seen its holder renew the lease; otherwise the holder may be dead. */
  | { running: Run; alive: boolean }
  | StartRefusal
  /** Its events can trigger flows, and this was not confirmed. */
  | { unconfirmed: FlowCount };

export interface Runs {
  /** Stores a sync. @param isConfirmed its events may trigger flows. @returns it, or the one that is running already */
  start(resource: BulkResource, request: RunRequest, by: Starter, isConfirmed?: boolean): Promise<StartResult>;
  /** Stores a sync that continues where the last one of the resource was stopped. */
  resume(resource: BulkResource, by: Starter): Promise<StartResult>;
  /** Stops the sync of a resource in whichever process; it can be resumed. @returns the run, or undefined if none runs */
  stop(resource: BulkResource): Promise<Run | undefined>;
  /** Runs that have not ended, then those that have, each latest first. */
  list(resource?: BulkResource): Promise<Run[]>;
  /** The present state of a run, wherever it is executed. */
  get(id: string): Promise<Run | undefined>;
  /** Executes queued runs from now on, and those that a dead process left; also after a shutdown. */
  open(): void;
  /** Whether a run waits that this process may execute; one that another process executes does not count. */
  hasWork(): Promise<boolean>;
  /** Resolves when this process has no run to execute. */
  settled(): Promise<void>;
  /** Hands active runs over; resolves when they have stopped. */
  shutdown(): Promise<void>;
}

export interface RunsDeps extends Omit<RunPollerDeps, 'runStore'> {
  /** Ended runs that are kept for each resource and kind. */
  maxEnded: number;
  followUps: Pick<FollowUpQueue, 'onAdded'>;
  countFlowEvents: CountFlowEvents;
  /** Why no sync of the resource may start; undefined: it may. */
  refusal(resource: BulkResource): string | undefined;
  /** Clock of commercetools. `set` asks commercetools for the time, unless it is known; rejects with a CommercetoolsError. */
  clock: { latest(): Date; set(): Promise<void> };
}

export function createRuns(deps: RunsDeps): Runs {
  const { store, now, clock } = deps;
  const runStore = createRunStore(store, deps.maxEnded);
  const poller = createRunPoller({ ...deps, runStore });
  deps.followUps.onAdded(() => void poller.poll());

  async function get(id: string): Promise<Run | undefined> {
    const active = poller.active().find(({ run }) => run.id === id);
    return active?.run ?? (await runStore.get(id))?.run;
  }

  /** @returns the sync that holds the lease, unless it has ended or nothing would continue it */
  async function runningSync(lease: Lease, by: Starter): Promise<{ running: Run; alive: boolean } | undefined> {
    const running = (await get(lease.value.run.id)) ?? lease.value.run;
    if (hasEnded(running)) return undefined;
    const holder = poller.observe(lease);
    // A service claims what a dead process left; with the command line alone no process would.
    return by === 'cli' && holder === 'dead' ? undefined : { running, alive: holder === 'alive' };
  }

  async function enqueue(run: Run, by: Starter): Promise<StartResult> {
    const at = leaseKey('sync', run.resource);
    const executesHere = deps.runKinds.includes('sync');
    const value: LeaseValue = { run, beat: 0, holder: executesHere ? randomUUID() : UNHELD };
    return untilWritten(async () => {
      const previous = await readLease(store, at);
      if (!previous && (await store.get(at))) return { refused: unreadableLease(at) };
      const running = previous && (await runningSync(previous, by));
      if (running) return running;
      const version = await putLease(store, at, value, previous?.version ?? 'absent');
      if (version === 'stale') return version;
      if (previous) await markStopped(previous);
      return { started: executesHere ? poller.begin({ at, version, value }) : run };
    });
  }

  /** Stores that a run which no process executes was stopped, so that it can be resumed. */
  async function markStopped({ value }: Lease): Promise<void> {
    const record = await runStore.get(value.run.id);
    const run = record?.run ?? value.run;
    if (hasEnded(run)) return;
    const stopped: Run = { ...run, counts: { ...run.counts }, state: 'stopped', endedAt: now().toISOString() };
    closeCounts(stopped.counts);
    await runStore.put(stopped, record?.point ?? resumePointOf(run), record?.version ?? 'absent');
  }

  /** Asks the holder of a lease to stop; without a holder the run is stopped here. */
  async function stopElsewhere(lease: Lease): Promise<Run | undefined> {
    const run = (await get(lease.value.run.id)) ?? lease.value.run;
    if (hasEnded(run)) return undefined;
    const version = await putLease(store, lease.at, { ...lease.value, stop: true }, lease.version);
    if (version === 'stale') return stop(run.resource);
    if (lease.value.holder === UNHELD) {
      await markStopped(lease);
      await store.remove(lease.at, version);
    }
    return { ...run, state: 'stopping' };
  }

  async function stop(resource: BulkResource): Promise<Run | undefined> {
    const at = leaseKey('sync', resource);
    const active = poller.active().find(({ key, run }) => key === at.key && !hasEnded(run));
    if (active) {
      active.end('stop');
      return active.run;
    }
    const lease = await readLease(store, at);
    return lease && stopElsewhere(lease);
  }

  return {
    async start(resource, request, by, isConfirmed = false) {
      const refused = deps.refusal(resource);
      if (refused !== undefined) return { refused };
      const { lastCompleteSince, wasDeleted } = runStore;
      // The clock of this machine may be wrong.
      if (request.since !== undefined) await clock.set();
      const resolved = await resolveSince({ resource, request, now: clock.latest, lastCompleteSince, wasDeleted });
      if ('refused' in resolved) return resolved;
      const { gap, ...since } = resolved;
      const resolvedRequest = { ...request, ...since };
      const unconfirmed = isConfirmed ? undefined : await deps.countFlowEvents(resource, resolvedRequest);
      if (unconfirmed) return { unconfirmed };
      const run = createRun({ resource, kind: 'sync', request: resolvedRequest, by, now: now() });
      return enqueue({ ...run, ...(gap ? { gap } : {}) }, by);
    },
    async resume(resource, by) {
      const refused = deps.refusal(resource);
      if (refused !== undefined) return { refused };
      const last = await runStore.lastSync(resource);
      if (!last || last.run.state === 'completed' || last.point.checkpoint === undefined)
        return { refused: `there is no stopped sync of ${resource} to resume` };
      const { request, gap, id } = last.run;
      const run = createRun({ resource, kind: 'sync', request, by, now: now() });
      return enqueue({ ...run, ...(gap ? { gap } : {}), ...last.point, resumes: id }, by);
    },
    stop,
    async list(resource) {
      const stored = (await runStore.list()).map(({ run }) => run);
      const storedIds = new Set(stored.map(({ id }) => id));
      const queued = (await listLeases(store)).map(({ value }) => value.run).filter(({ id }) => !storedIds.has(id));
      const active = new Map(poller.active().map(({ run }) => [run.id, run]));
      const all = [...queued, ...stored]
        .map((run) => active.get(run.id) ?? run)
        .filter((run) => resource === undefined || run.resource === resource)
        .sort((left, right) => (left.id < right.id ? 1 : -1));
      return [...all.filter((run) => !hasEnded(run)), ...all.filter(hasEnded)];
    },
    get,
    open: poller.open,
    hasWork: poller.hasWork,
    settled: poller.settled,
    shutdown: poller.shutdown,
  };
}

/** Overwriting it could end a run that a newer version of this service executes. */
function unreadableLease({ container, key }: StoreKey): string {
  return (
    `the lease ${container}/${key} has an unknown shape: another version of this service may execute a run; ` +
    'if none does, delete this custom object'
  );
}

/** @returns the kinds of run that a process executes; one for realtime alone leaves syncs to those that serve /sync */
export function runKindsOf(process: Pick<RunsDeps, 'claim'> & { runWorker: boolean; bulk: boolean }): Run['kind'][] {
  if (process.claim === 'own') return ['sync'];
  if (!process.runWorker) return [];
  return process.bulk ? ['sync', 'follow-up'] : ['follow-up'];
}
