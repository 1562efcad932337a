/**
 * Makes changes true in Klaviyo: one receipt for each. Of several that wait for one record the latest read stands for
 * all, whichever lane they came by; a late one never overwrites what was read after it; a record inside a running job
 * holds back its next change until the job has ended.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import { createKeyedMutex } from '../lib/keyed-mutex.ts';
import { SharedSignal } from '../lib/shared-signal.ts';
import type { KlaviyoClient } from './api/client.ts';
import type { Lane } from './api/rate-limiter.ts';
import { createBatcherRegistry } from './batching/batcher-registry.ts';
import { type AcceptedJob, createJobPoller, type JobState, stateOfJob } from './batching/job-poller.ts';
import type { OperationName } from './batching/operations.ts';
import { type Change, coalescingKey, type Receipt, type SequencedChange } from './change.ts';
import { createExistingRecords } from './existing-records.ts';
import { createInFlightLimit } from './in-flight-limit.ts';
import { delivered } from './receipts.ts';
import { deleteCategory, sendCategory } from './writers/category.ts';
import { sendEvent } from './writers/event.ts';
import { deleteItem, sendItem } from './writers/item.ts';
import { writeProfileChange } from './writers/profile.ts';
import { sendStock } from './writers/variant.ts';
import type { SinkResources, WriteContext, WrittenStock } from './writers/write-context.ts';

export interface SendOptions {
  /** Realtime goes first. */
  lane: Lane;
  /** The caller's patience, after which what was not sent is withdrawn and what is in flight finishes. */
  signal: AbortSignal;
  /** Write also what Klaviyo holds already. */
  force?: boolean;
}

export interface Sink<About = unknown> {
  /** @returns a receipt for each change, in order; never rejects */
  send(changes: readonly SequencedChange<About>[], options: SendOptions): Promise<Receipt[]>;
  /** Resolves when there is room for more of bulk: it has only a few bodies waiting. */
  waitForCapacity(signal: AbortSignal): Promise<void>;
  /** Milliseconds that what waits in realtime before such a change takes at Klaviyo's published pace. */
  estimateWaitMs(kind: Change['type']): number;
  /** Resolves when nothing waits or is under way. */
  onIdle(): Promise<void>;
  /** What waits or is under way in each lane. */
  inFlight(): Record<Lane, number>;
  /** How a job of some other process stands. */
  jobState(job: AcceptedJob): Promise<JobState>;
  /** Gives up on jobs that are still followed. */
  close(): void;
}

export interface SinkDeps<About> {
  client: KlaviyoClient;
  /** Part of the published limits that is ours. */
  rateLimitShare: number;
  /**
   * Keeps what a job in realtime is about; only then are its callers answered. Where it rejects they wait for the job's end.
   */
  accepted(job: AcceptedJob, abouts: readonly About[]): Promise<void>;
}

const maxRemembered = 100_000;
/**
 * Delays before what a job accepted and could not be settled is tried again, doubled each time. Together they outlast an
 * outage of 17 minutes.
 */
const retryDelaysMs = [2, 4, 8, 16, 32, 64, 128, 256, 512].map((seconds) => seconds * 1_000);
const withdrawn: Receipt = { outcome: 'unavailable', reason: 'the deadline passed before it could be sent' };

/** What a change may lead to. */
const operationsOf: Record<Change['type'], readonly OperationName[]> = {
  event: ['event'],
  profile: ['profile'],
  category: ['createCategory', 'updateCategory'],
  item: ['createItem', 'updateItem', 'createVariant', 'updateVariant', 'deleteVariant'],
  stock: ['updateVariant'],
  delete: ['deleteItem', 'deleteCategory'],
};

interface Entry<About> {
  change: SequencedChange<About>;
  lane: Lane;
  force: boolean;
  patience: SharedSignal;
  receipt: Promise<Receipt>;
  resolve(receipt: Receipt): void;
  /** The receipt was given when a job took the change: this is its last word. */
  later?: PromiseWithResolvers<Receipt>;
}

export function createSink<About>({ client, rateLimitShare, accepted }: SinkDeps<About>): Sink<About> {
  const closed = new AbortController();
  const writtenAt = new LRUCache<string, number>({ max: maxRemembered });
  const writer = createBatcherRegistry(client, createJobPoller(client, closed.signal), rateLimitShare);
  const ways: SinkResources = {
    client,
    batchers: writer,
    existing: createExistingRecords(client),
    locks: createKeyedMutex(),
    stock: new LRUCache<string, WrittenStock>({ max: maxRemembered }),
    categories: new LRUCache<string, true>({ max: maxRemembered, ttl: 600_000 }),
  };
  /** By record: what has not begun yet; events until they are through. */
  const waiting = new Map<string, Entry<About>>();
  const room = createInFlightLimit();

  const onJobAccepted = createLettingGo(accepted);

  /** The entry's latest change, unless a later read of the same record went before it. */
  async function write(entry: Entry<About>, key: string): Promise<Receipt> {
    const { change, lane, force, patience } = entry;
    if (patience.aborted) return withdrawn;
    const sending: WriteContext = {
      ...ways,
      lane,
      deadline: patience,
      force,
      onJobAccepted: (job, records) => onJobAccepted(entry, job, records),
    };
    if (change.type === 'event') return sendEvent(change, sending);
    if ((writtenAt.get(key) ?? 0) > change.readSeq) return delivered;
    const receipt = await dispatch(change, sending);
    if (receipt.outcome === 'delivered') writtenAt.set(key, change.readSeq);
    return receipt;
  }

  /** What was let go of goes on until it is through: nobody will send it again. */
  async function writeWithRetry(entry: Entry<About>, key: string): Promise<Receipt> {
    let receipt = await write(entry, key);
    for (const delayMs of retryDelaysMs) {
      if (receipt.outcome !== 'unavailable' || !entry.later) break;
      await sleep(delayMs, undefined, { signal: closed.signal }).catch(() => undefined);
      if (closed.signal.aborted) break;
      receipt = await write(entry, key);
    }
    return receipt;
  }

  /** Until its turn comes an entry takes in what is read later. */
  function inTurn(entry: Entry<About>, key: string): Promise<Receipt> {
    if (entry.change.type === 'event') return write(entry, key);
    return ways.locks.runExclusive(key, () => {
      waiting.delete(key);
      return writeWithRetry(entry, key);
    });
  }

  async function begin(entry: Entry<About>, key: string): Promise<void> {
    const { lane, change } = entry;
    room.acquire(lane, change.type);
    // What is thrown on the way is our own bug, and becomes a receipt.
    const receipt = await inTurn(entry, key).catch(failed);
    if (waiting.get(key) === entry) waiting.delete(key);
    entry.patience.detach();
    room.release(lane, change.type);
    (entry.later ?? entry).resolve(receipt);
  }

  function enqueue(change: SequencedChange<About>, { lane, signal, force = false }: SendOptions): Promise<Receipt> {
    const key = placeOf(change, lane);
    const before = waiting.get(key);
    if (before) {
      if (change.readSeq >= before.change.readSeq) before.change = change;
      if (lane === 'realtime') before.lane = lane;
      before.force ||= force;
      before.patience.add(signal);
      return before.receipt;
    }
    const { promise: receipt, resolve } = Promise.withResolvers<Receipt>();
    const entry: Entry<About> = { change, lane, force, patience: new SharedSignal(signal), receipt, resolve };
    waiting.set(key, entry);
    void begin(entry, key);
    return receipt;
  }

  return {
    send: (changes, options) => Promise.all(changes.map((change) => enqueue(change, options))),
    waitForCapacity: (signal) => room.waitForCapacity(signal),
    estimateWaitMs: (kind) => writer.estimateWaitMs(operationsOf[kind]),
    onIdle: () => room.onIdle(),
    inFlight: () => room.counts(),
    jobState: (job) => stateOfJob(client, job, closed.signal),
    close: () => closed.abort(),
  };
}

/**
 * In realtime a job is as good as done, once it is kept what it is about: the callers get their receipt, and the last
 * word follows.
 */
function createLettingGo<About>(accepted: SinkDeps<About>['accepted']) {
  /** By job: its realtime entries, and how many records are still to be told. */
  const taken = new Map<string, { entries: Entry<About>[]; left: number }>();

  /** Never rejects. */
  async function letGo(job: AcceptedJob, entries: readonly Entry<About>[]): Promise<void> {
    const abouts = entries.flatMap(({ change: { origin: about } }) => (about === undefined ? [] : [about]));
    try {
      await accepted(job, abouts);
    } catch {
      return;
    }
    for (const entry of entries) {
      entry.later = Promise.withResolvers<Receipt>();
      entry.patience.detach();
      entry.resolve({ outcome: 'delivered', later: entry.later.promise });
    }
  }

  /** A job is kept once, with all that it is about: so the last of its records lets go of them all. */
  return (entry: Entry<About>, job: AcceptedJob, records: number): void => {
    const key = `${job.endpoint}:${job.id}`;
    const { entries, left } = taken.get(key) ?? { entries: [], left: records };
    if (entry.lane === 'realtime' && !entry.later) entries.push(entry);
    if (left > 1) return void taken.set(key, { entries, left: left - 1 });
    taken.delete(key);
    if (entries.length > 0) void letGo(job, entries);
  };
}

/** An event stands for itself; in two lanes, or on two profiles, it is not the same request. */
function placeOf(change: SequencedChange, lane: Lane): string {
  if (change.type !== 'event') return coalescingKey(change);
  const { email, external_id } = change.profile;
  return [coalescingKey(change), lane, email?.toLowerCase(), external_id].join('|');
}

function dispatch(change: Exclude<SequencedChange, { type: 'event' }>, sending: WriteContext): Promise<Receipt> {
  switch (change.type) {
    case 'profile':
      return writeProfileChange(change, sending);
    case 'category':
      return sendCategory(change, sending);
    case 'item':
      return sendItem(change, sending);
    case 'stock':
      return sendStock(change, sending);
    case 'delete':
      return change.recordType === 'category'
        ? deleteCategory(change.externalId, sending)
        : deleteItem(change.externalId, sending);
  }
}

function failed(thrown: unknown): Receipt {
  return { outcome: 'failed', error: thrown instanceof Error ? thrown : new Error(String(thrown)) };
}
