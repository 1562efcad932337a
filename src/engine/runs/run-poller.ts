/**
 * Looks out for work: what is queued, what was handed back, what a dead process left. Small runs that follow a message
 * wait while a sync of their resource runs.
 */
import { randomUUID } from 'node:crypto';
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
import type { Run } from './run.ts';
import { type ActiveRun, createRunWorker, type RunWorkerDeps } from './run-worker.ts';

export interface RunPollerDeps extends RunWorkerDeps {
  /** The kinds of run that this process executes. */
  runKinds: readonly Run['kind'][];
  /** `started here`: leaves alone what other processes queued or left. */
  claim: 'any' | 'own';
}

export interface RunPoller {
  /** Works off what this process has just taken; @returns the run, counted and moved on as it goes. */
  begin(lease: Lease): Run;
  active(): readonly ActiveRun[];
  /** Whether its holder is alive, as far as this process has watched it. */
  observe(lease: Lease): 'dead' | 'alive' | 'unknown';
  poll(): Promise<void>;
  /** Looks from now on, again and again. */
  open(): void;
  /** Resolves when there is nothing to do here. */
  settled(): Promise<void>;
  /** Hands back what runs; resolves when it stands still. */
  shutdown(): Promise<void>;
}

/** How often in a lease's time. */
const looks = 4;
const forgetEveryMs = 60_000;

export function createRunPoller(parts: RunPollerDeps): RunPoller {
  const { store, runKinds, leaseMs } = parts;
  const watch = createLeaseMonitor(leaseMs);
  const runner = createRunWorker(parts, () => void poll());
  const begun = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<void> | undefined;
  let again = false;
  let trouble = false;
  let forgotAt = Number.NEGATIVE_INFINITY;
  let shut = false;

  function begin(lease: Lease): Run {
    begun.add(lease.value.run.id);
    return runner.begin(lease).run;
  }

  const isOurs = ({ value: { run } }: Lease) =>
    runKinds.includes(run.kind) && (parts.claim === 'any' || begun.has(run.id));

  /** Takes what nobody holds, or whose holder is dead. */
  async function claimExpired(leases: readonly Lease[]): Promise<void> {
    for (const lease of leases) {
      const { at, value } = lease;
      const free = watch.observe(lease) === 'dead' || value.holder === UNHELD;
      if (shut || !free || !isOurs(lease) || runner.active().some(({ key }) => key === at.key)) continue;
      const taken: LeaseValue = { ...value, holder: randomUUID(), beat: value.beat + 1 };
      const version = await putLease(store, at, taken, lease.version);
      if (version !== 'stale') begin({ at, version, value: taken });
    }
  }

  /** A small run's turn has come: it moves to the place of those that run, so that an equal one is a new one. */
  async function claimQueued({ at: queuedAt, value }: Lease): Promise<void> {
    const at = leaseKey('follow-up', value.run.resource);
    const taken: LeaseValue = { ...value, holder: randomUUID() };
    const version = await putLease(store, at, taken, 'absent');
    if (version === 'stale') return;
    // Before it reads: what comes from here on is about what it may not have read.
    await store.remove(queuedAt);
    begin({ at, version, value: taken });
  }

  async function lookOnce(): Promise<void> {
    const leases = await listLeases(store);
    watch.forget(leases);
    const held = leases.filter((lease) => !isQueued(lease));
    await claimExpired(held);
    const busy = new Set(held.map(({ value }) => value.run.resource));
    const queues = Map.groupBy(leases.filter(isQueued), ({ value }) => value.run.resource);
    for (const [resource, queue] of queues) {
      const first = queue.toSorted((one, other) => (one.value.run.id < other.value.run.id ? -1 : 1))[0];
      if (!shut && !busy.has(resource) && first && isOurs(first)) await claimQueued(first);
    }
    if (performance.now() - forgotAt < forgetEveryMs) return;
    forgotAt = performance.now();
    await parts.records.prune();
  }

  async function tryLook(): Promise<void> {
    try {
      await lookOnce();
      trouble = false;
    } catch (thrown) {
      const why = thrown instanceof Error ? thrown.message : 'unknown';
      if (!trouble) parts.events.emit({ type: 'warning', detail: `can't look for runs to be worked off: ${why}` });
      trouble = true;
    }
  }

  /** Asked for while it looks: once more afterwards. */
  function poll(): Promise<void> {
    if (shut || runKinds.length === 0) return Promise.resolve();
    again = looking !== undefined;
    looking ??= tryLook().finally(() => {
      looking = undefined;
      if (again) void poll();
    });
    return looking;
  }

  return {
    begin,
    active: runner.active,
    observe: watch.observe,
    poll,
    open() {
      clearInterval(timer);
      timer = setInterval(() => void poll(), leaseMs / looks);
      void poll();
    },
    async settled() {
      for (;;) {
        // To look while it looks would ask for yet another look.
        while (looking) await looking;
        await poll();
        const live = runner.active();
        if (live.length === 0 && looking === undefined) return;
        await Promise.all(live.map(({ ended }) => ended));
      }
    },
    async shutdown() {
      shut = true;
      clearInterval(timer);
      await looking;
      for (const { end } of runner.active()) end('hand-over');
      await Promise.all(runner.active().map(({ ended }) => ended));
    },
  };
}
