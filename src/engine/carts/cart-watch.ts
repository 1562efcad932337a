/**
 * Watches for changed carts by reading them at intervals. The process that holds the lease reads; another one goes on where it
 * stopped once the lease has been handed over or has expired.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { CommercetoolsError } from '../../commercetools/errors.ts';
import { LookupUnavailable, messageOf } from '../../lib/errors.ts';
import { reportFirstFailure } from '../../lib/first-failure.ts';
import type { Store } from '../../store/store.ts';
import { createLeaseMonitor, type Lease, UNHELD } from '../runs/lease.ts';
import { type LeaseHeartbeat, startLeaseHeartbeat } from '../runs/lease-heartbeat.ts';
import { type CartPassDeps, runCartPass, visibleUntil } from './cart-pass.ts';
import { type WatchLease, watchKey, watchLeases } from './watch-lease.ts';

export interface CartWatchDeps extends CartPassDeps {
  store: Store;
  leaseMs: number;
  /** Milliseconds between the starts of two passes. */
  everyMs: number;
  /** Asks commercetools for the time, unless it is known. Rejects with a CommercetoolsError. */
  setClock(): Promise<void>;
}

export interface CartWatch {
  /** Watches from now on. */
  open(): void;
  /** Withdraws what is not in a request yet and hands the lease over; resolves when nothing is in flight. */
  shutdown(): Promise<void>;
}

const attemptsPerLease = 4;

export function createCartWatch(deps: CartWatchDeps): CartWatch {
  const { store, leaseMs, everyMs, events } = deps;
  const stopping = new AbortController();
  const monitor = createLeaseMonitor(leaseMs);
  const warn = (detail: string) => events.emit({ type: 'warning', detail });
  const reporting = () =>
    reportFirstFailure((thrown) => {
      const detail = `carts are not read now: ${messageOf(thrown)}`;
      if (isActionRequired(thrown)) events.emit({ type: 'action-required', reason: detail });
      else warn(detail);
    });
  const [claimSafely, passSafely] = [reporting(), reporting()];
  let watching: Promise<void> | undefined;

  const sleepFor = (ms: number, signal: AbortSignal) => sleep(ms, undefined, { signal }).catch(() => undefined);

  /** @returns the lease if this process has claimed it */
  async function claim(): Promise<Lease<WatchLease> | undefined> {
    await deps.setClock();
    const known = await watchLeases.read(store, watchKey);
    if (known && known.value.holder !== UNHELD && monitor.observe(known) !== 'dead') return undefined;
    const { cursor = { since: visibleUntil(deps) }, beat = 0 } = known?.value ?? {};
    const value: WatchLease = { holder: randomUUID(), beat: beat + 1, cursor };
    const version = await watchLeases.put(store, watchKey, value, known?.version ?? 'absent');
    return version === 'stale' ? undefined : { at: watchKey, version, value };
  }

  /** Reads at intervals until the lease is lost or the process stops. */
  async function watch(lease: Lease<WatchLease>, heartbeat: LeaseHeartbeat<WatchLease>): Promise<void> {
    const signal = AbortSignal.any([heartbeat.signal, stopping.signal]);
    let { cursor } = lease.value;
    while (!signal.aborted) {
      const startedAt = performance.now();
      // A pass that reads nothing does not say that an outage is over.
      if (deps.shedReason() === undefined)
        await passSafely(() =>
          runCartPass(deps, {
            cursor,
            signal,
            async onSettled(settled) {
              await heartbeat.update({ cursor: settled });
              cursor = settled;
            },
          }).catch((thrown: unknown) => {
            if (!signal.aborted) throw thrown;
          }),
        );
      await sleepFor(Math.max(0, startedAt + everyMs - performance.now()), signal);
    }
  }

  async function watchWhileHeld(lease: Lease<WatchLease>): Promise<void> {
    const heartbeat = startLeaseHeartbeat({ store, leaseMs, onError: warn }, lease, watchLeases);
    try {
      await watch(lease, heartbeat);
    } finally {
      await heartbeat.handOver();
    }
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      await claimSafely(async () => {
        const lease = await claim();
        if (lease) await watchWhileHeld(lease);
      });
      await sleepFor(leaseMs / attemptsPerLease, stopping.signal);
    }
  }

  return {
    open() {
      watching ??= run();
    },
    async shutdown() {
      stopping.abort();
      await watching;
    },
  };
}

/** An operator must fix credentials. */
function isActionRequired(thrown: unknown): boolean {
  if (thrown instanceof CommercetoolsError) return thrown.type === 'unauthorized' || thrown.type === 'forbidden';
  return thrown instanceof LookupUnavailable && thrown.actionRequired;
}
