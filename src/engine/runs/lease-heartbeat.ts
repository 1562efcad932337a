/**
 * Renews a lease by heartbeat, and aborts its signal when the lease is lost or a stop is requested. A holder that can't
 * renew gives up before the lease expires, so that two processes never execute the same run.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../../lib/errors.ts';
import type { Store } from '../../store/store.ts';
import { RunEnded } from './errors.ts';
import { type Holding, type Lease, type LeaseRecords, UNHELD } from './lease.ts';

export interface LeaseHeartbeat<Value extends Holding = Holding> {
  /** Aborted with a RunEnded: nothing more may be sent. */
  signal: AbortSignal;
  end(reason: RunEnded['reason']): void;
  /** Another process may hold the lease; also true after an end for another reason. */
  isLost(): boolean;
  /** Writes a part of the lease. Rejects with a RunEnded if the lease is not held any more, or with a StoreError. */
  update(change: Partial<Value>): Promise<void>;
  /** Deletes the lease: the run has ended. */
  release(): Promise<void>;
  /** Leaves the lease without a holder, for any process to claim. */
  handOver(): Promise<void>;
}

export interface LeaseHeartbeatDeps {
  store: Store;
  leaseMs: number;
  onError(detail: string): void;
}

/** Heartbeats per lease time: one may fail before the lease is lost. */
const beatsPerLease = 4;
/** The share of the lease time after which a holder that can't renew gives up. */
const expiryShare = 0.75;
/** Attempts per lease time to release or hand over. */
const releaseAttemptsPerLease = 20;

/** @param lease that this process has just claimed */
export function startLeaseHeartbeat<Value extends Holding>(
  { store, leaseMs, onError }: LeaseHeartbeatDeps,
  lease: Lease<Value>,
  records: LeaseRecords<Value>,
): LeaseHeartbeat<Value> {
  const ended = new AbortController();
  let { version, value } = lease;
  let state: 'held' | 'lost' | 'released' = 'held';
  let writing: Promise<unknown> = Promise.resolve();
  let expiryTimer: NodeJS.Timeout | undefined;

  function end(reason: RunEnded['reason']): void {
    if (reason === 'lost') leaveAs('lost');
    if (!ended.signal.aborted) ended.abort(new RunEnded(reason));
  }

  function leaveAs(next: 'lost' | 'released'): void {
    if (state === 'held') state = next;
    clearInterval(heartbeat);
    clearTimeout(expiryTimer);
  }

  /** @param renewedAt when the write that renewed the lease was started */
  function restartExpiry(renewedAt: number): void {
    clearTimeout(expiryTimer);
    const expiresInMs = renewedAt + leaseMs * expiryShare - performance.now();
    if (state === 'held') expiryTimer = setTimeout(() => end('lost'), expiresInMs);
  }

  /** Reads what other processes wrote into the lease. @returns whether this process still holds it */
  async function reread(): Promise<boolean> {
    const stored = await records.read(store, lease.at);
    if (stored === undefined || stored.value.holder !== lease.value.holder) return false;
    version = stored.version;
    value = stored.value;
    if (value.stop) end('stop');
    return true;
  }

  async function renew(change: Partial<Value> | Pick<Holding, 'holder'>): Promise<void> {
    for (;;) {
      const startedAt = performance.now();
      const next = { ...value, beat: value.beat + 1, ...change };
      const stored = await records.put(store, lease.at, next, version);
      if (stored !== 'stale') {
        version = stored;
        value = next;
        return restartExpiry(startedAt);
      }
      if (!(await reread())) return end('lost');
    }
  }

  /** Serializes writes. A heartbeat that fails is repeated by the next one, until the lease expires. */
  function serialize(write: () => Promise<unknown>): Promise<unknown> {
    writing = writing.then(() => (state === 'held' ? write() : undefined)).catch(() => undefined);
    return writing;
  }

  const heartbeat = setInterval(() => void serialize(() => renew({})), leaseMs / beatsPerLease);
  restartExpiry(performance.now());

  /** Repeats a write until it succeeds or the lease is lost. */
  async function retryWhileHeld(write: () => Promise<void>): Promise<void> {
    let problem = '';
    while (state === 'held') {
      try {
        return await write();
      } catch (thrown) {
        problem = messageOf(thrown);
      }
      await sleep(leaseMs / releaseAttemptsPerLease);
    }
    onError(
      `the lease of ${records.describe(lease.value)} could not be released (${problem}); another process claims it once it has expired`,
    );
  }

  async function leave(write: () => Promise<void>): Promise<void> {
    await serialize(() => retryWhileHeld(write));
    leaveAs('released');
  }

  return {
    signal: ended.signal,
    end,
    isLost: () => state === 'lost',
    update(change) {
      const written = writing.then(async () => {
        if (state === 'held') await renew(change);
        if (state !== 'held') throw new RunEnded('lost');
      });
      writing = written.catch(() => undefined);
      return written;
    },
    release: () =>
      leave(async () => {
        while ((await store.remove(lease.at, version)) === 'stale') if (!(await reread())) return;
      }),
    handOver: () => leave(() => renew({ holder: UNHELD })),
  };
}
