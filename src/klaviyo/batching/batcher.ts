/**
 * Batches the writes of one operation. Short queues go out in single requests at once; longer ones linger briefly and go
 * out in bulk bodies. A body is filled, by count and by bytes, only when the rate limiter has granted its token, so that it
 * is as full as possible.
 *
 * Each lane has a queue. An entry is queued → sent (single request or bulk body) → settled; or queued → expired when its
 * deadline passes. A rejected bulk body is split and sent again. A bulk body that became a job is settled when the job has
 * ended.
 */
import type { Context } from '@opentelemetry/api';
import { z } from 'zod';
import { here, sharing } from '../../telemetry/span.ts';
import type { ApiCall, ApiResult, KlaviyoClient } from '../api/client.ts';
import { endpoints } from '../api/endpoints.ts';
import type { ApiFailure } from '../api/errors.ts';
import type { Lane } from '../api/rate-limiter.ts';
import { splitRejected } from './bisect.ts';
import { type BatchItem, type BodyPosition, bodyCapacity, bulkBody, itemBytes } from './bulk-body.ts';
import { createIdentityGuard } from './identity-guard.ts';
import { attribute, failureOf } from './job-errors.ts';
import type { AcceptedJob, JobPoller, JobResult } from './job-poller.ts';
import { maxJobsInProgress, type Operation, type OperationName, operations } from './operations.ts';

export interface WriteOptions {
  lane: Lane;
  /** An item that is not in a request yet when it is aborted is not sent. */
  deadline: Pick<AbortSignal, 'aborted'>;
  /**
   * Called once when Klaviyo has accepted a job with the record; the job's result follows.
   * @param records number of the job's records that have a callback, this one included
   */
  onJobAccepted?(job: AcceptedJob, records: number): void;
}

export interface Batcher {
  /**
   * @returns the result for this record; for a job the result after the job has ended. Rejects only with an exception in
   * this process; the batcher goes on with the other entries
   */
  write(item: BatchItem, options: WriteOptions): Promise<ApiResult>;
  /** @returns milliseconds until realtime's queue is sent, at the published pace */
  estimateWaitMs(): number;
}

interface Entry {
  item: BatchItem;
  bytes: number;
  options: WriteOptions;
  queuedAt: number;
  /** The caller's trace; a request is linked to all of its entries' traces. */
  traceContext: Context;
  resolve(result: ApiResult): void;
  reject(thrown: unknown): void;
}

interface Queue {
  entries: Entry[];
  bytes: number;
  timer?: NodeJS.Timeout;
}

type RequestOptions = Pick<ApiCall, 'lane' | 'acquired'>;

/** How long an entry waits for others to fill its body. */
const lingerMs = 200;
/** Realtime lingers longer while bulk is queued: fuller bodies leave more of the shared quota. */
const sharedLingerMs = 600;
/** Maximum delay before the rate limiter is tried again: a token may be available earlier than estimated. */
const maxRetryMs = 250;
/** Maximum bulk bodies in flight; each may have megabytes. */
const maxBodiesInFlight = 16;
const bodiesInFlightRetryMs = 50;
const jobsInProgressRetryMs = 250;
const unavailable = (reason: string): ApiResult => ({ ok: false, failure: { type: 'unavailable', reason } });
const expired = unavailable('the deadline passed before it could be sent');
const never = new AbortController().signal;

export interface BatcherDeps {
  client: KlaviyoClient;
  jobs: JobPoller;
  /** Bulk requests a minute that this service may send. */
  perMinute: number;
}

export function createBatcher(operation: Operation, { client, jobs, perMinute }: BatcherDeps): Batcher {
  const queues: Record<Lane, Queue> = { realtime: { entries: [], bytes: 0 }, bulk: { entries: [], bytes: 0 } };
  const capacity = bodyCapacity(operation);
  let bodiesInFlight = 0;
  let flushScheduled = false;

  /** Flushes after the current turn of the event loop, when all entries that are added in it are queued. */
  function scheduleFlush(): void {
    if (flushScheduled) return;
    flushScheduled = true;
    setImmediate(() => {
      flushScheduled = false;
      for (const lane of ['realtime', 'bulk'] as const) flush(lane);
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
    const isShort = queue.entries.length <= operation.maxSingle;
    if (isShort && (lane === 'realtime' || dueMs <= 0) && trySendSingle(queue, lane)) return 0;
    if (dueMs > 0) return Math.ceil(dueMs);
    const waitMs = tryAcquireBulk(lane);
    if (waitMs > 0) return Math.min(waitMs, maxRetryMs);
    void sendBulk(takeBatch(queue), lane);
    return 0;
  }

  function lingerOf(lane: Lane): number {
    return lane === 'realtime' && queues.bulk.entries.length > 0 ? sharedLingerMs : lingerMs;
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

  /** @returns whether a request was sent */
  function trySendSingle(queue: Queue, lane: Lane): boolean {
    if (client.tryAcquire(operation.single, lane) > 0) return false;
    const entry = queue.entries.shift();
    if (!entry) return false;
    queue.bytes -= entry.bytes;
    void sendSingle(entry, { lane, acquired: true });
    return true;
  }

  /** Sends one entry in a single request and settles it. Never rejects: an exception rejects the entry. */
  async function sendSingle(entry: Entry, options: RequestOptions): Promise<void> {
    const { item, traceContext } = entry;
    try {
      const request = { endpoint: operation.single, id: item.id, body: item.singleBody(), signal: never, ...options };
      entry.resolve(await sharing([traceContext], () => client.call(request)));
    } catch (thrown) {
      entry.reject(thrown);
    }
  }

  /** Never rejects: an exception rejects every entry of the body. */
  async function sendBulk(entries: readonly Entry[], lane: Lane): Promise<void> {
    bodiesInFlight += 1;
    await callBulk(entries, { lane, acquired: true });
    bodiesInFlight -= 1;
    scheduleFlush();
  }

  /** Never rejects: an exception rejects every entry of the body. */
  async function callBulk(entries: readonly Entry[], options: RequestOptions): Promise<void> {
    await sendBody(entries, options).catch((thrown: unknown) => rejectAll(entries, thrown));
  }

  /** Sends one bulk body. Settles its entries, or leaves that to the job. */
  async function sendBody(entries: readonly Entry[], options: RequestOptions): Promise<void> {
    const { lane } = options;
    const { text, positions } = bulkBody(
      operation,
      entries.map(({ item }) => item),
    );
    const request = { endpoint: operation.bulk, body: text, signal: never, ...options };
    const traceContexts = entries.map(({ traceContext }) => traceContext);
    const result = await sharing(traceContexts, () => client.call(request));
    if (!result.ok && result.failure.type === 'rejected')
      return settleRejected(entries, { positions, failure: result.failure }, lane);
    if (!result.ok || !operation.job) return resolveAll(entries, result);
    const accepted = acceptedJob.safeParse(result.body);
    if (!accepted.success) return resolveAll(entries, unknownShape);
    const job = { endpoint: operation.job.get, id: accepted.data.data.id };
    const listeners = entries.filter((entry) => entry.options.onJobAccepted);
    for (const listener of listeners) listener.options.onJobAccepted?.(job, listeners.length);
    // Not awaited: the body's slot is free for the next one.
    void jobs
      .waitFor(operation.job, job.id)
      .then((jobResult) => settleJob(entries, jobResult, { positions, lane }))
      .catch((thrown: unknown) => rejectAll(entries, thrown));
  }

  async function settleRejected(
    entries: readonly Entry[],
    rejection: { positions: BodyPosition[]; failure: Extract<ApiFailure, { type: 'rejected' }> },
    lane: Lane,
  ): Promise<void> {
    const { recorded, single, retry } = splitRejected(entries, rejection);
    resolveAll(recorded, { ok: true, status: 202, body: undefined });
    await Promise.all([
      ...single.map((entry) => sendSingle(entry, { lane })),
      ...retry.map((part) => callBulk(part, { lane })),
    ]);
  }

  async function settleJob(
    entries: readonly Entry[],
    jobResult: JobResult,
    { positions, lane }: { positions: BodyPosition[]; lane: Lane },
  ): Promise<void> {
    if (jobResult.outcome === 'unknown') return resolveAll(entries, unavailable(jobResult.reason));
    const { failed, unattributed } = attribute(entries, jobResult.errors, positions);
    await Promise.all(
      entries.map(async (entry) => {
        const error = failed.get(entry);
        if (error) return entry.resolve({ ok: false, failure: failureOf(error) });
        // An unattributed error may belong to this record: a single request shows whether it does.
        if (unattributed) await sendSingle(entry, { lane });
        else entry.resolve({ ok: true, status: 200, body: undefined });
      }),
    );
  }

  return {
    write(item, options) {
      const bytes = itemBytes(item);
      const queue = queues[options.lane];
      queue.bytes += bytes;
      scheduleFlush();
      return new Promise((resolve, reject) => {
        const queuedAt = performance.now();
        queue.entries.push({ item, bytes, options, queuedAt, traceContext: here(), resolve, reject });
      });
    },
    estimateWaitMs() {
      const { entries, bytes } = queues.realtime;
      const bodies = Math.max(entries.length / operation.maxRecords, bytes / capacity);
      return (bodies / perMinute) * 60_000;
    },
  };
}

export interface BatcherRegistry {
  write(name: OperationName, item: BatchItem, options: WriteOptions): Promise<ApiResult>;
  /** @returns milliseconds until realtime's longest queue among these is sent, at the published pace */
  estimateWaitMs(names: readonly OperationName[]): number;
}

/** @param rateLimitShare share of the published limits that this service uses */
export function createBatcherRegistry(client: KlaviyoClient, jobs: JobPoller, rateLimitShare: number): BatcherRegistry {
  const batchers = new Map<OperationName, Batcher>();

  function batcherFor(name: OperationName): Batcher {
    const existing = batchers.get(name);
    if (existing) return existing;
    const operation = operations[name];
    const perMinute = endpoints[operation.bulk].perMinute * rateLimitShare;
    const created = createBatcher(operation, { client, jobs, perMinute });
    batchers.set(name, created);
    return created;
  }

  return {
    write: (name, item, options) => batcherFor(name).write(item, options),
    estimateWaitMs: (names) => Math.max(0, ...names.map((name) => batchers.get(name)?.estimateWaitMs() ?? 0)),
  };
}

function resolveAll(entries: readonly Entry[], result: ApiResult): void {
  for (const entry of entries) entry.resolve(result);
}

function rejectAll(entries: readonly Entry[], thrown: unknown): void {
  for (const entry of entries) entry.reject(thrown);
}

const acceptedJob = z.object({ data: z.object({ id: z.string() }) });
const unknownShape = unavailable('Klaviyo accepted a job in an unknown shape');
