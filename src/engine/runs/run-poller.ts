/** Polls the store for runs to execute. A follow-up run waits while a process executes a sync of its resource. */
import { randomUUID } from 'node:crypto';
import { messageOf } from '../../lib/errors.ts';
import { reportFirstFailure } from '../../lib/first-failure.ts';
import {
  createLeaseMonitor,
  isQueued,
  type Lease,
  type LeaseValue,
  leaseKey,
  listLeases,
  putLease,
  UNHELD,
} from './lease.ts';
import { createRun, type Run } from './run.ts';
import { createRunWorker, type RunWorkerDeps } from './run-worker.ts';

export interface RunPollerDeps extends RunWorkerDeps {
  runKinds: readonly Run['kind'][];
  /** `own`: executes only runs that this process started; `any`: also what other processes queued or left. */
  claim: 'any' | 'own';
}

const pollsPerLease = 4;
const pruneEveryMs = 60_000;

export function createRunPoller(deps: RunPollerDeps) {
  const { store, runKinds, leaseMs } = deps;
  const monitor = createLeaseMonitor(leaseMs);
  const worker = createRunWorker(deps, () => void poll());
  const ownRunIds = new Set<string>();
  const runSafely = reportFirstFailure((thrown) =>
    deps.events.emit({ type: 'warning', detail: `can't poll for runs: ${messageOf(thrown)}` }),
  );
  let timer: NodeJS.Timeout | undefined;
  let polling: Promise<void> | undefined;
  let pollAgain = false;
  let prunedAt = Number.NEGATIVE_INFINITY;
  let stopped = false;

  /** Executes the run of a lease that this process has just claimed. @returns the run, updated while it is executed */
  function begin(lease: Lease): Run {
    ownRunIds.add(lease.value.run.id);
    return worker.begin(lease).run;
  }

  const mayExecute = ({ value: { run } }: Lease) =>
    runKinds.includes(run.kind) && (deps.claim === 'any' || ownRunIds.has(run.id));

  /** Whether no process executes the run of the lease. */
  const isFree = (lease: Lease) => monitor.observe(lease) === 'dead' || lease.value.holder === UNHELD;

  async function claimExpired(leases: readonly Lease[]): Promise<void> {
    for (const lease of leases) {
      const { at, value } = lease;
      const isActive = worker.active().some(({ key }) => key === at.key);
      if (stopped || !isFree(lease) || isActive || !mayExecute(lease)) continue;
      const claimed: LeaseValue = { ...value, holder: randomUUID(), beat: value.beat + 1 };
      const version = await putLease(store, at, claimed, lease.version);
      if (version !== 'stale') begin({ at, version, value: claimed });
    }
  }

  /**
   * A follow-up that was claimed and could not be removed from the queue is executed already, but equal ones may have been
   * merged into it since: what waits there is a run of its own.
   */
  async function unexecuted(run: Run): Promise<Run> {
    if ((await deps.runStore.versionOf(run.id)) === 'absent') return run;
    const { resource, kind, request, by } = run;
    return createRun({ resource, kind, request, by, now: deps.now() });
  }

  /** Moves a queued follow-up to the lease of its resource. An equal follow-up that comes later is queued anew. */
  async function claimQueued({ at: queuedAt, value }: Lease): Promise<void> {
    const at = leaseKey('follow-up', value.run.resource);
    const claimed: LeaseValue = { ...value, run: await unexecuted(value.run), holder: randomUUID() };
    const version = await putLease(store, at, claimed, 'absent');
    if (version === 'stale') return;
    // Removed before the run reads: a later follow-up may be about a change that this run does not see.
    await store.remove(queuedAt);
    begin({ at, version, value: claimed });
  }

  async function pollOnce(): Promise<void> {
    const leases = await listLeases(store);
    monitor.forget(leases);
    const held = leases.filter((lease) => !isQueued(lease));
    await claimExpired(held);
    // Perhaps no process claims a free lease that this one may not claim, such as the sync of a command that was killed.
    const isBusy = (lease: Lease) => mayExecute(lease) || !isFree(lease);
    const busy = new Set(held.filter(isBusy).map(({ value }) => value.run.resource));
    const queues = Map.groupBy(leases.filter(isQueued), ({ value }) => value.run.resource);
    for (const [resource, queue] of queues) {
      const [first] = queue.toSorted((left, right) => (left.value.run.id < right.value.run.id ? -1 : 1));
      if (!stopped && !busy.has(resource) && first && mayExecute(first)) await claimQueued(first);
    }
    if (performance.now() - prunedAt < pruneEveryMs) return;
    prunedAt = performance.now();
    await deps.runStore.prune();
  }

  /** Polls now; resolves when that is done. A request during a poll causes one more poll afterwards. */
  function poll(): Promise<void> {
    if (stopped || runKinds.length === 0) return Promise.resolve();
    pollAgain = polling !== undefined;
    polling ??= runSafely(pollOnce).finally(() => {
      polling = undefined;
      if (pollAgain) void poll();
    });
    return polling;
  }

  return {
    begin,
    active: worker.active,
    /** Whether the lease's holder is alive, as far as this process has observed it. */
    observe: monitor.observe,
    poll,
    /**
     * Whether a run waits that this process may execute, or may execute once its holder turns out to be dead. A run that
     * another process executes does not count, nor what waits behind it.
     */
    async hasWork(): Promise<boolean> {
      if (worker.active().length > 0) return true;
      const leases = await listLeases(store);
      const isHeld = (lease: Lease) =>
        !isQueued(lease) && lease.value.holder !== UNHELD && monitor.observe(lease) === 'alive';
      const busy = new Set(leases.filter(isHeld).map(({ value }) => value.run.resource));
      return leases.some((lease) => mayExecute(lease) && !busy.has(lease.value.run.resource));
    },
    /** Polls repeatedly from now on, also after a shutdown. */
    open(): void {
      stopped = false;
      clearInterval(timer);
      timer = setInterval(() => void poll(), leaseMs / pollsPerLease);
      void poll();
    },
    /** Resolves when this process has no run to execute. */
    async settled(): Promise<void> {
      for (;;) {
        // A poll during a poll would cause yet another one.
        while (polling) await polling;
        await poll();
        const active = worker.active();
        if (active.length === 0 && polling === undefined) return;
        await Promise.all(active.map(({ ended }) => ended));
      }
    },
    /** Hands active runs over; resolves when they have stopped. */
    async shutdown(): Promise<void> {
      stopped = true;
      clearInterval(timer);
      await polling;
      for (const { end } of worker.active()) end('hand-over');
      await Promise.all(worker.active().map(({ ended }) => ended));
    },
  };
}
