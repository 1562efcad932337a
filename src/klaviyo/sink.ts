/**
 * Writes changes to Klaviyo and returns one receipt each. Pending changes to the same record are coalesced, also across
 * lanes; the highest `readSeq` wins. Changes to the same record are written one after the other: the next one waits until
 * the job of the one before has ended, and is dropped when its `readSeq` is lower. Events have no order: while one is
 * pending in a lane, the same one joins it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { backoffMs } from '../lib/backoff.ts';
import { toError } from '../lib/errors.ts';
import { createKeyedMutex } from '../lib/keyed-mutex.ts';
import { createLruCache } from '../lib/lru-cache.ts';
import { SharedSignal } from '../lib/shared-signal.ts';
import type { KlaviyoClient } from './api/client.ts';
import type { Lane } from './api/rate-limiter.ts';
import { createBatcherRegistry } from './batching/batcher.ts';
import type { RepeatedEventsMemory } from './batching/bulk-access.ts';
import { type AcceptedJob, createJobPoller, type JobState, stateOfJob } from './batching/job-poller.ts';
import type { ChangeKind, Receipt, SequencedChange } from './change.ts';
import { changeKinds, clearsProperties, coalesced, coalescingKey, outdatedRemoval, specOf } from './change-kinds.ts';
import { createEarlyAck, type EarlyAckEntry, type StoreJob } from './early-ack.ts';
import { createExistingRecords } from './existing-records.ts';
import { createInFlightLimit } from './in-flight-limit.ts';
import { delivered } from './receipts.ts';
import type {
  HasOtherCustomer,
  IsSold,
  ProfileOfOrder,
  SinkResources,
  WriteContext,
  WrittenStock,
} from './writers/write-context.ts';

export interface SendOptions {
  /** Realtime has priority over carts, and carts over bulk. */
  lane: Lane;
  /** The caller's deadline: a change that is not in a request yet when it is aborted is not sent. */
  signal: AbortSignal;
  /** Writes a record even when Klaviyo's state is the same. */
  force?: boolean;
  /** Leaves the quantity of existing variants as it is. */
  keepStock?: boolean;
}

export interface Sink<Origin = unknown> {
  /** @returns a receipt for each change, in order; never rejects */
  send(changes: readonly SequencedChange<Origin>[], options: SendOptions): Promise<Receipt[]>;
  /** Resolves when bulk may send more changes of these kinds. Rejects with the signal's reason when it is aborted first. */
  waitForCapacity(kinds: ReadonlySet<ChangeKind>, signal: AbortSignal): Promise<void>;
  /** @returns milliseconds until the lane's queued changes of this kind are sent, at Klaviyo's published pace */
  estimateWaitMs(kind: ChangeKind, lane?: Lane): number;
  /** Resolves when nothing is pending or in flight. */
  onIdle(): Promise<void>;
  /** @returns how many changes are pending or in flight in each lane */
  inFlight(): Record<Lane, number>;
  /** Reads the state of a job that another process has started. */
  jobState(job: AcceptedJob): Promise<JobState>;
  /** Stops polling jobs; their changes are `unavailable`. */
  close(): void;
  /** Whether a change is `unavailable` because this process ends: its job goes on. */
  isClosed(): boolean;
}

export interface SinkDeps<Origin> {
  client: KlaviyoClient;
  /** Share of the published limits that this service uses, 0 to 1. */
  rateLimitShare: number;
  /** Realtime changes are acknowledged early only when their job could be stored. */
  storeJob: StoreJob<Origin>;
  repeatedEvents: RepeatedEventsMemory;
  /** Within this time Klaviyo lists an event that it has recorded. */
  maxListingMs: number;
  isSold: IsSold;
  hasOtherCustomer: HasOtherCustomer;
  /** See SinkResources; absent: it is not known. */
  unsetsInBulk?(): Promise<boolean>;
  profileOfOrder: ProfileOfOrder;
  rememberOrderProfile: SinkResources['rememberOrderProfile'];
  onWarning(detail: string): void;
}

const maxCachedRecords = 100_000;
const categoryTtlMs = 600_000;
/**
 * Retries of a change that was acknowledged early and whose job was lost: delays of 2, 4, … 512 seconds, which together
 * outlast an outage of 17 minutes.
 */
const maxRetries = 9;
const retryBackoff = { firstMs: 2_000, maxMs: 512_000 };
const expired: Receipt = { outcome: 'unavailable', reason: 'the deadline passed before it could be sent' };

interface Entry<Origin> extends EarlyAckEntry<Origin> {
  change: SequencedChange<Origin>;
  origins: Origin[];
  force: boolean;
  keepStock: boolean;
  deadline: SharedSignal;
  receipt: Promise<Receipt>;
}

export function createSink<Origin>(deps: SinkDeps<Origin>): Sink<Origin> {
  const { client, storeJob } = deps;
  const closed = new AbortController();
  /** The highest `readSeq` that was written, by record. */
  const writtenSeq = createLruCache<string, number>({ max: maxCachedRecords });
  const jobs = createJobPoller(client, closed.signal);
  const batchers = createBatcherRegistry({ ...deps, jobs, signal: closed.signal });
  const resources: SinkResources = {
    client,
    batchers,
    existing: createExistingRecords(client),
    mutex: createKeyedMutex(),
    isSold: deps.isSold,
    hasOtherCustomer: deps.hasOtherCustomer,
    unsetsInBulk: deps.unsetsInBulk ?? (() => Promise.resolve(false)),
    profileOfOrder: deps.profileOfOrder,
    rememberOrderProfile: deps.rememberOrderProfile,
    writtenStock: createLruCache<string, WrittenStock>({ max: maxCachedRecords }),
    knownCategories: createLruCache<string, true>({ max: maxCachedRecords, ttl: categoryTtlMs }),
  };
  /** Entries that later changes are coalesced into: until the write begins; for events until it has ended. */
  const pending = new Map<string, Entry<Origin>>();
  const inFlightLimit = createInFlightLimit();
  const acknowledgeEarly = createEarlyAck(storeJob);

  async function write(entry: Entry<Origin>, key: string): Promise<Receipt> {
    const { change, lane, force, keepStock, deadline } = entry;
    if (deadline.aborted) return expired;
    const context: WriteContext = {
      ...resources,
      lane,
      deadline,
      force,
      keepStock,
      onJobAccepted: (job, records) => acknowledgeEarly(entry, job, records),
    };
    const { ordered, isFinal = false, write: writeChange } = specOf(change);
    if (!ordered) {
      const written = writeChange(change, context);
      // It is serialised by now, and nothing refers to its properties any more.
      if (change.type === 'event') entry.change = { ...change, properties: {} };
      return written;
    }
    const isOutdated = !isFinal && (writtenSeq.get(key) ?? 0) > change.readSeq;
    if (isOutdated) return clearsProperties(change) ? outdatedRemoval : delivered;
    const receipt = await writeChange(change, context);
    if (receipt.outcome === 'delivered') writtenSeq.set(key, isFinal ? Number.POSITIVE_INFINITY : change.readSeq);
    return receipt;
  }

  /** Retries only what was acknowledged early: other changes are redelivered by the broker, or sent again by the run. */
  async function writeWithRetry(entry: Entry<Origin>, key: string): Promise<Receipt> {
    let receipt = await write(entry, key);
    for (let attempt = 1; attempt <= maxRetries; attempt += 1) {
      if (receipt.outcome !== 'unavailable' || !entry.settled) break;
      await sleep(backoffMs(attempt, retryBackoff), undefined, { signal: closed.signal }).catch(() => undefined);
      if (closed.signal.aborted) break;
      receipt = await write(entry, key);
    }
    return receipt;
  }

  function writeInOrder(entry: Entry<Origin>, key: string): Promise<Receipt> {
    if (!specOf(entry.change).ordered) return write(entry, key);
    return resources.mutex.runExclusive(key, () => {
      pending.delete(key);
      return writeWithRetry(entry, key);
    });
  }

  async function processEntry(entry: Entry<Origin>, key: string): Promise<void> {
    // Later changes may raise the entry's lane and replace its change: what was acquired is released.
    const release = inFlightLimit.acquire(entry.lane, entry.change);
    const receipt = await writeInOrder(entry, key).catch(
      (thrown: unknown): Receipt => ({ outcome: 'failed', error: toError(thrown) }),
    );
    if (pending.get(key) === entry) pending.delete(key);
    entry.deadline.detach();
    release();
    (entry.settled ?? entry).resolve(receipt);
  }

  function enqueue(change: SequencedChange<Origin>, options: SendOptions): Promise<Receipt> {
    const { lane, signal, force = false, keepStock = false } = options;
    const key = coalescingKey(change, lane);
    const existing = pending.get(key);
    if (existing) {
      // An event is serialised already, and the same one again adds nothing.
      if (specOf(change).ordered) existing.change = coalesced(existing.change, change);
      if (change.origin !== undefined) existing.origins.push(change.origin);
      if (lane === 'realtime') existing.lane = lane;
      existing.force ||= force;
      existing.keepStock &&= keepStock;
      existing.deadline.add(signal);
      return receiptFor(lane, existing.receipt);
    }
    const { promise: receipt, resolve } = Promise.withResolvers<Receipt>();
    const deadline = new SharedSignal(signal);
    const origins = change.origin === undefined ? [] : [change.origin];
    const entry: Entry<Origin> = { change, origins, lane, force, keepStock, deadline, receipt, resolve };
    pending.set(key, entry);
    void processEntry(entry, key);
    return receiptFor(lane, receipt);
  }

  return {
    send: (changes, options) => Promise.all(changes.map((change) => enqueue(change, options))),
    waitForCapacity: inFlightLimit.waitForCapacity,
    estimateWaitMs: (kind, lane = 'realtime') => batchers.estimateWaitMs(changeKinds[kind].operations, lane),
    onIdle: () => inFlightLimit.onIdle(),
    inFlight: () => inFlightLimit.counts(),
    jobState: (job) => stateOfJob(client, job, closed.signal),
    close: () => closed.abort(),
    isClosed: () => closed.signal.aborted,
  };
}

/** Only realtime is acknowledged early: the other lanes wait for the end of a job, also where realtime joined their change. */
async function receiptFor(lane: Lane, receipt: Promise<Receipt>): Promise<Receipt> {
  const first = await receipt;
  return lane !== 'realtime' && first.outcome === 'delivered' && first.settled ? first.settled : first;
}
