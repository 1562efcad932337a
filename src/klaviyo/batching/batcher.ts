/**
 * Batches the writes of one operation. Short queues go out in single requests, in realtime at once; longer ones linger
 * briefly and go out in bulk bodies. A body is filled, by count and by bytes, only when the rate limiter has granted its token, so that it
 * is as full as possible.
 *
 * Each lane has a queue. An entry is queued → sent (single request or bulk body) → settled; or queued → expired when its
 * deadline passes. A rejected bulk body is split and sent again. A bulk body that became a job is settled when the job has
 * ended.
 */
import { here } from '../../telemetry/span.ts';
import type { ApiResult, KlaviyoClient } from '../api/client.ts';
import { type EndpointName, endpoints } from '../api/endpoints.ts';
import { type Lane, lanes } from '../api/rate-limiter.ts';
import { createBodySender, type Entry, rejectAll, resolveAll, type WriteOptions } from './body-sender.ts';
import {
  type BulkAccess,
  type BulkMode,
  createBulkAccess,
  createVerifiedBulkAccess,
  type RepeatedEventsMemory,
} from './bulk-access.ts';
import { type BatchItem, bodyCapacity, itemBytes } from './bulk-body.ts';
import { createIdentityGuard } from './identity-guard.ts';
import type { JobPoller } from './job-poller.ts';
import { maxJobsInProgress, type Operation, type OperationName, operations } from './operations.ts';

export interface Batcher {
  /**
   * @returns the result for this record; for a job the result after the job has ended. Rejects only with an exception in
   * this process; the batcher goes on with the other entries
   */
  write(item: BatchItem, options: WriteOptions): Promise<ApiResult>;
  /** @returns milliseconds until the queues of this lane and of those above are sent, at the published pace */
  estimateWaitMs(lane: Lane): number;
}

interface Queue {
  entries: Entry[];
  bytes: number;
  timer?: NodeJS.Timeout;
}

/** How long an entry waits for others to fill its body. */
const lingerMs = 200;
/** Realtime lingers longer while bulk is queued: fuller bodies leave more of the shared quota. */
const sharedLingerMs = 600;
/** And longer still while another process uses the same quota: one body every 1.5 seconds needs a quarter of it. */
const contestedLingerMs = 1_500;
/** Maximum delay before the rate limiter is tried again: a token may be available earlier than estimated. */
const maxRetryMs = 250;
/** Maximum bulk bodies in flight; each may have megabytes. */
const maxBodiesInFlight = 16;
const bodiesInFlightRetryMs = 50;
/** While the first bulk body is being verified. */
const modeRetryMs = 50;
const jobsInProgressRetryMs = 250;
const expired: ApiResult = {
  ok: false,
  failure: { type: 'unavailable', reason: 'the deadline passed before it could be sent' },
};

export interface BatcherDeps {
  client: KlaviyoClient;
  jobs: JobPoller;
  /** Requests a minute that this service may send. */
  perMinute: Record<'single' | 'bulk', number>;
  access: BulkAccess;
}

export function createBatcher(operation: Operation, { client, jobs, perMinute, access }: BatcherDeps): Batcher {
  const sender = createBodySender(operation, { client, jobs, access });
  const queues: Record<Lane, Queue> = {
    realtime: { entries: [], bytes: 0 },
    cart: { entries: [], bytes: 0 },
    bulk: { entries: [], bytes: 0 },
  };
  const capacity = bodyCapacity(operation);
  let bodiesInFlight = 0;
  let flushScheduled = false;

  /** Flushes after the current turn of the event loop, when all entries that are added in it are queued. */
  function scheduleFlush(): void {
    if (flushScheduled) return;
    flushScheduled = true;
    setImmediate(() => {
      flushScheduled = false;
      for (const lane of lanes) flush(lane);
    });
  }

  function flushAfter(lane: Lane, ms: number): void {
    const queue = queues[lane];
    clearTimeout(queue.timer);
    queue.timer = setTimeout(() => {
      expire(queue);
      flush(lane);
    }, ms);
  }

  /** Sends as much as the rate limiter grants, and sets a timer for the rest. */
  function flush(lane: Lane): void {
    try {
      let waitMs = tryFlush(lane);
      while (waitMs === 0) waitMs = tryFlush(lane);
      if (waitMs !== undefined) flushAfter(lane, waitMs);
    } catch (thrown) {
      // Called by a timer: without this the entries would never be settled.
      const queue = queues[lane];
      queue.bytes = 0;
      rejectAll(queue.entries.splice(0), thrown);
    }
  }

  /** @returns 0 when a request was sent, milliseconds until the next attempt, or undefined when the queue is empty */
  function tryFlush(lane: Lane): number | undefined {
    const queue = queues[lane];
    expireOldest(queue);
    const oldest = queue.entries[0];
    if (!oldest) return undefined;
    const isFull = queue.entries.length >= operation.maxRecords || queue.bytes >= capacity;
    const dueMs = isFull ? 0 : oldest.queuedAt + lingerOf(lane) - performance.now();
    const mode = access.mode();
    if (maySendSingle(queue, lane, { mode, dueMs }) && trySendSingle(queue, lane)) return 0;
    // What can be sent in bulk bodies only has no other way, also while single requests replace bodies.
    if (mode !== 'bulk' && !queue.entries.every(({ item }) => item.bulkOnly)) return modeRetryMs;
    if (dueMs > 0) return Math.ceil(dueMs);
    const waitMs = tryAcquireBulk(lane);
    if (waitMs > 0) return Math.min(waitMs, maxRetryMs);
    void sendBulk(takeBatch(queue), lane);
    return 0;
  }

  /** Single requests have a quota of their own, which is all that realtime has while Klaviyo blocks bulk bodies. */
  function maySendSingle({ entries }: Queue, lane: Lane, { mode, dueMs }: { mode: BulkMode; dueMs: number }): boolean {
    if (mode !== 'bulk') return mode === 'single' || lane === 'realtime';
    if (lane === 'realtime' && client.quotaOf(operation.bulk) === 'blocked') return true;
    return entries.length <= operation.maxSingle[lane] && (lane === 'realtime' || dueMs <= 0);
  }

  function lingerOf(lane: Lane): number {
    if (lane !== 'realtime') return lingerMs;
    if (client.quotaOf(operation.bulk) !== 'free') return contestedLingerMs;
    return queues.bulk.entries.length > 0 ? sharedLingerMs : lingerMs;
  }

  /** Acquires a token for a bulk body. @returns 0 when acquired, else milliseconds until the next attempt is useful */
  function tryAcquireBulk(lane: Lane): number {
    if (bodiesInFlight >= maxBodiesInFlight) return bodiesInFlightRetryMs;
    if (operation.job && jobs.inProgress(operation.job) >= maxJobsInProgress) return jobsInProgressRetryMs;
    return client.tryAcquire(operation.bulk, lane);
  }

  /** Expires only the entries at the front: a scan of the whole queue at each write would be quadratic. */
  function expireOldest(queue: Queue): void {
    const firstLive = queue.entries.findIndex(({ options }) => !options.deadline.aborted);
    const late = queue.entries.splice(0, firstLive === -1 ? queue.entries.length : firstLive);
    for (const { bytes } of late) queue.bytes -= bytes;
    resolveAll(late, expired);
  }

  function expire(queue: Queue): void {
    const late = queue.entries.filter(({ options }) => options.deadline.aborted);
    if (late.length === 0) return;
    queue.entries = queue.entries.filter(({ options }) => !options.deadline.aborted);
    for (const { bytes } of late) queue.bytes -= bytes;
    resolveAll(late, expired);
  }

  /**
   * Removes a body's entries from the queue, the oldest first. Expires late entries on the way; entries that the identity
   * guard does not admit stay in the queue.
   */
  function takeBatch(queue: Queue): Entry[] {
    const guard = createIdentityGuard();
    const batch: Entry[] = [];
    const held: Entry[] = [];
    const late: Entry[] = [];
    let bytes = 0;
    for (const entry of queue.entries) {
      if (batch.length >= operation.maxRecords || (batch.length > 0 && bytes + entry.bytes > capacity)) break;
      if (entry.options.deadline.aborted) late.push(entry);
      else if (guard.admits(entry.item)) {
        bytes += entry.bytes;
        batch.push(entry);
      } else held.push(entry);
    }
    for (const entry of [...batch, ...late]) queue.bytes -= entry.bytes;
    queue.entries.splice(0, batch.length + held.length + late.length, ...held);
    resolveAll(late, expired);
    return batch;
  }

  /** Finds the oldest entry that may go alone. @returns whether a request was sent */
  function trySendSingle(queue: Queue, lane: Lane): boolean {
    const index = queue.entries.findIndex(({ item }) => !item.bulkOnly);
    if (index === -1 || client.tryAcquire(operation.single, lane) > 0) return false;
    const [entry] = queue.entries.splice(index, 1);
    if (!entry) return false;
    queue.bytes -= entry.bytes;
    void sender.sendSingle(entry, { lane, acquired: true });
    return true;
  }

  /** Never rejects: an exception rejects every entry of the body. */
  async function sendBulk(entries: readonly Entry[], lane: Lane): Promise<void> {
    bodiesInFlight += 1;
    await sender.sendBulk(entries, { lane, acquired: true });
    bodiesInFlight -= 1;
    scheduleFlush();
  }

  return {
    write(item, options) {
      const bytes = itemBytes(item);
      const queue = queues[options.lane];
      sender.onQueued(item, options.lane);
      queue.bytes += bytes;
      scheduleFlush();
      return new Promise((resolve, reject) => {
        const queuedAt = performance.now();
        queue.entries.push({ item, bytes, options, queuedAt, traceContext: here(), resolve, reject });
      });
    },
    estimateWaitMs(lane) {
      const mode = access.mode() === 'single' ? 'single' : 'bulk';
      const requests = lanes.slice(0, lanes.indexOf(lane) + 1).map((each) => {
        const { entries, bytes } = queues[each];
        return mode === 'single' ? entries.length : Math.max(entries.length / operation.maxRecords, bytes / capacity);
      });
      return (requests.reduce((sum, count) => sum + count, 0) / perMinute[mode]) * 60_000;
    },
  };
}

export interface BatcherRegistry {
  write(name: OperationName, item: BatchItem, options: WriteOptions): Promise<ApiResult>;
  /** @returns milliseconds until the longest queue of the lane among these is sent, at the published pace */
  estimateWaitMs(names: readonly OperationName[], lane: Lane): number;
}

export interface BatcherRegistryDeps {
  client: KlaviyoClient;
  jobs: JobPoller;
  /** Share of the published limits that this service uses, 0 to 1. */
  rateLimitShare: number;
  repeatedEvents: RepeatedEventsMemory;
  /** Within this time Klaviyo lists an event that it has recorded. */
  maxListingMs: number;
  /** Stops waiting for lookups. */
  signal: AbortSignal;
  onWarning(detail: string): void;
}

export function createBatcherRegistry(deps: BatcherRegistryDeps): BatcherRegistry {
  const { client, jobs, onWarning } = deps;
  const batchers = new Map<OperationName, Batcher>();

  function accessTo(name: OperationName): BulkAccess {
    const access = createBulkAccess(operations[name], onWarning);
    if (name !== 'event') return access;
    return createVerifiedBulkAccess({ ...deps, access, memory: deps.repeatedEvents });
  }

  function batcherFor(name: OperationName): Batcher {
    const existing = batchers.get(name);
    if (existing) return existing;
    const operation = operations[name];
    const paceOf = (endpoint: EndpointName) => endpoints[endpoint].perMinute * deps.rateLimitShare;
    const perMinute = { single: paceOf(operation.single), bulk: paceOf(operation.bulk) };
    const created = createBatcher(operation, { client, jobs, perMinute, access: accessTo(name) });
    batchers.set(name, created);
    return created;
  }

  return {
    write: (name, item, options) => batcherFor(name).write(item, options),
    estimateWaitMs: (names, lane) => Math.max(0, ...names.map((name) => batchers.get(name)?.estimateWaitMs(lane) ?? 0)),
  };
}
