/** Holds a lease: beats while it is alive, and says at once when it is lost or when somebody wants the run stopped. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Store } from '../../store/store.ts';
import { RunEnded } from './errors.ts';
import { type Lease, type LeaseValue, putLease, readLease, UNHELD } from './lease.ts';

export interface LeaseHeartbeat {
  /** Aborted with a RunEnded: nothing more is to be sent. */
  signal: AbortSignal;
  /** See RunEnded. */
  end(why: RunEnded['reason']): void;
  /** Another process may have it by now; also after another ending. */
  isLost(): boolean;
  /** The work is done: nothing is held any more. Tries again while the store is away; never rejects. */
  release(): Promise<void>;
  /** Leaves it to whoever comes first. Tries again while the store is away; never rejects. */
  handOver(): Promise<void>;
}

export interface HoldParts {
  store: Store;
  leaseMs: number;
  /** Called when the lease could not be given up before it was lost. */
  onTrouble(detail: string): void;
}

/** Beats in a lease's time: some may fail before it is lost. */
const beats = 4;
/** The part of its time after which a holder that can't beat gives up: before anybody else can take it over. */
const patience = 0.75;
/** Tries to give a lease up, in the lease's time. */
const tries = 20;

/** @param lease as this process has just taken it */
export function startLeaseHeartbeat({ store, leaseMs, onTrouble }: HoldParts, lease: Lease): LeaseHeartbeat {
  const ended = new AbortController();
  let { version, value } = lease;
  let state: 'held' | 'lost' | 'let go' = 'held';
  let writing: Promise<unknown> = Promise.resolve();
  let fence: NodeJS.Timeout | undefined;

  function end(why: RunEnded['reason']): void {
    if (why === 'lost') leave('lost');
    if (!ended.signal.aborted) ended.abort(new RunEnded(why));
  }

  function leave(as: 'lost' | 'let go'): void {
    if (state === 'held') state = as;
    clearInterval(timer);
    clearTimeout(fence);
  }

  /** From here on it is ours for some time: counted from before the write. */
  function rearm(since: number): void {
    clearTimeout(fence);
    if (state === 'held') fence = setTimeout(() => end('lost'), since + leaseMs * patience - performance.now());
  }

  /** @returns whether it is still ours, with what others wrote into it */
  async function reread(): Promise<boolean> {
    const now = await readLease(store, lease.at);
    if (now === undefined || now.value.holder !== lease.value.holder) return false;
    version = now.version;
    value = now.value;
    if (value.stop) end('stop');
    return true;
  }

  async function put(change: Partial<LeaseValue>): Promise<void> {
    for (;;) {
      const since = performance.now();
      const next = { ...value, beat: value.beat + 1, ...change };
      const put = await putLease(store, lease.at, next, version);
      if (put !== 'stale') {
        version = put;
        value = next;
        return rearm(since);
      }
      if (!(await reread())) return end('lost');
    }
  }

  /** One write at a time. */
  function inTurn(act: () => Promise<unknown>): Promise<unknown> {
    writing = writing.then(() => (state === 'held' ? act() : undefined)).catch(() => undefined);
    return writing;
  }

  // What fails is tried again at the next beat, until the fence falls.
  const timer = setInterval(() => void inTurn(() => put({})), leaseMs / beats);
  rearm(performance.now());

  /** Until it is given up or lost: the fence falls also while the store is away. */
  async function tryUntilLost(act: () => Promise<unknown>): Promise<void> {
    let why = 'unknown';
    while (state === 'held') {
      try {
        await act();
        return;
      } catch (thrown) {
        if (thrown instanceof Error) why = thrown.message;
      }
      await sleep(leaseMs / tries);
    }
    onTrouble(
      `the lease of run ${lease.value.run.id} could not be given up (${why}): another process takes it over when it has expired`,
    );
  }

  async function letGo(act: () => Promise<unknown>): Promise<void> {
    await inTurn(() => tryUntilLost(act));
    leave('let go');
  }

  return {
    signal: ended.signal,
    end,
    isLost: () => state === 'lost',
    release: () =>
      letGo(async () => {
        while ((await store.remove(lease.at, version)) === 'stale') if (!(await reread())) return;
      }),
    handOver: () => letGo(() => put({ holder: UNHELD })),
  };
}
