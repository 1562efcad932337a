/**
 * Makes changes true in Klaviyo: one receipt for each. Of several that wait for one record the latest read stands for
 * all; a late one never overwrites what was read after it.
 */
import { LRUCache } from 'lru-cache';
import PQueue from 'p-queue';
import { sendCategory, sendGone, sendItem } from './catalog.ts';
import { keyOf, type Receipt, type Stamped } from './change.ts';
import type { KlaviyoClient } from './client.ts';
import { sendEvent } from './events.ts';
import { createLocks } from './locks.ts';
import { sendProfile } from './profiles.ts';
import { delivered } from './receipts.ts';
import type { Sending, WrittenStock } from './sending.ts';
import type { Lane } from './throttle.ts';
import { sendStock } from './variants.ts';

export interface Sink {
  /**
   * @param options lane: realtime goes first; signal: the caller's patience, after which what was not sent is withdrawn
   * and what is in flight finishes
   * @returns a receipt for each change, in order; never rejects
   */
  send(changes: readonly Stamped[], options: { lane: Lane; signal: AbortSignal }): Promise<Receipt[]>;
  /** Resolves when nothing waits or is under way. */
  idle(): Promise<void>;
  /** What waits in each lane. */
  waiting(): Record<Lane, number>;
}

/** How many requests each lane keeps in the air; the throttle sets the pace. */
const concurrency: Record<Lane, number> = { realtime: 64, bulk: 24 };
const mostRemembered = 100_000;
const withdrawn: Receipt = { outcome: 'unavailable', reason: 'the deadline passed before it could be sent' };

interface Waiting {
  change: Stamped;
  signals: AbortSignal[];
  receipt: Promise<Receipt>;
}

/** @param client the way to Klaviyo */
export function createSink(client: KlaviyoClient): Sink {
  const queues: Record<Lane, PQueue> = {
    realtime: new PQueue({ concurrency: concurrency.realtime }),
    bulk: new PQueue({ concurrency: concurrency.bulk }),
  };
  const waiting: Record<Lane, Map<string, Waiting>> = { realtime: new Map(), bulk: new Map() };
  const writtenAt = new LRUCache<string, number>({ max: mostRemembered });
  const stock = new LRUCache<string, WrittenStock>({ max: mostRemembered });
  const locks = createLocks();

  /** The entry's latest change, unless a later read of the same record went before it. */
  async function makeTrue(entry: Waiting, key: string, lane: Lane): Promise<Receipt> {
    const { change, signals } = entry;
    if (signals.every((one) => one.aborted)) return withdrawn;
    const sending: Sending = { client, locks, stock, lane, signal: allOf(signals) };
    if (change.kind === 'event') return sendEvent(change, sending);
    if ((writtenAt.get(key) ?? 0) > change.readAt) return delivered;
    const receipt = await dispatch(change, sending);
    if (receipt.outcome === 'delivered') writtenAt.set(key, change.readAt);
    return receipt;
  }

  /** One at a time for each record: until its turn comes an entry takes in what is read later. */
  function inTurn(entry: Waiting, key: string, lane: Lane): Promise<Receipt> {
    if (entry.change.kind === 'event') return makeTrue(entry, key, lane);
    return locks.hold(key, () => {
      waiting[lane].delete(key);
      return makeTrue(entry, key, lane);
    });
  }

  function enqueue(change: Stamped, lane: Lane, signal: AbortSignal): Promise<Receipt> {
    const key = keyOf(change);
    const before = change.kind === 'event' ? undefined : waiting[lane].get(key);
    if (before) {
      if (change.readAt >= before.change.readAt) before.change = change;
      before.signals.push(signal);
      return before.receipt;
    }
    const settled = Promise.withResolvers<Receipt>();
    const entry: Waiting = { change, signals: [signal], receipt: settled.promise };
    if (change.kind !== 'event') waiting[lane].set(key, entry);
    void queues[lane].add(async () => {
      // What is thrown on the way is our own bug, and becomes a receipt.
      settled.resolve(await inTurn(entry, key, lane).catch(failed));
    });
    return entry.receipt;
  }

  return {
    send: (changes, { lane, signal }) => Promise.all(changes.map((change) => enqueue(change, lane, signal))),
    async idle() {
      await Promise.all([queues.realtime.onIdle(), queues.bulk.onIdle()]);
    },
    waiting: () => ({ realtime: queues.realtime.size, bulk: queues.bulk.size }),
  };
}

function dispatch(change: Exclude<Stamped, { kind: 'event' }>, sending: Sending): Promise<Receipt> {
  switch (change.kind) {
    case 'profile':
      return sendProfile(change, sending);
    case 'category':
      return sendCategory(change, sending);
    case 'item':
      return sendItem(change, sending);
    case 'stock':
      return sendStock(change, sending);
    case 'gone':
      return sendGone(change, sending);
  }
}

/** Aborted when every caller's patience has ended. */
function allOf(signals: readonly AbortSignal[]): AbortSignal {
  if (signals.length === 1 && signals[0]) return signals[0];
  const all = new AbortController();
  const check = () => {
    if (signals.every((one) => one.aborted)) all.abort();
  };
  for (const one of signals) one.addEventListener('abort', check, { once: true });
  check();
  return all.signal;
}

function failed(thrown: unknown): Receipt {
  return { outcome: 'failed', error: thrown instanceof Error ? thrown : new Error(String(thrown)) };
}
