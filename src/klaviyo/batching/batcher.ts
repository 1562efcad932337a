/**
 * One kind of write: alone at once while little waits, many in one body when more waits. What goes into a body is
 * decided when its turn has come, so that it is as full as it can be; filled by count and by the bytes that are sent.
 */
import type { Context } from '@opentelemetry/api';
import { z } from 'zod';
import { here, sharing } from '../../telemetry/span.ts';
import type { ApiCall, ApiResult, KlaviyoClient } from '../api/client.ts';
import type { ApiFailure } from '../api/errors.ts';
import type { Lane } from '../api/rate-limiter.ts';
import { splitRejected } from './bisect.ts';
import { createIdentityGuard } from './identity-guard.ts';
import { attribute, failureOf } from './job-errors.ts';
import type { AcceptedJob, JobPoller, JobResult } from './job-poller.ts';
import {
  type BatchItem,
  type BodyPosition,
  bodyCapacity,
  bulkBody,
  itemBytes,
  maxJobsInProgress,
  type Operation,
} from './operations.ts';

export interface WriteOptions {
  lane: Lane;
  /** The caller's: what is not in a body when it ends is withdrawn. */
  deadline: Pick<AbortSignal, 'aborted'>;
  /**
   * Called once when Klaviyo has taken the record into a job; how that ends is still to come.
   * @param records how many records of the job are told, this one among them
   */
  onJobAccepted?(job: AcceptedJob, records: number): void;
}

export interface Batcher {
  /**
   * @returns what Klaviyo said of the record; of a job: how that ended for it. Rejects only with what was thrown on the
   * way: a bug, after which the batcher goes on with what waits
   */
  write(item: BatchItem, way: WriteOptions): Promise<ApiResult>;
  /** Milliseconds in which what waits can be written, at the published pace. */
  estimateWaitMs(): number;
}

interface Entry {
  item: BatchItem;
  bytes: number;
  way: WriteOptions;
  since: number;
  /** For the trace: who waits for it. */
  origin: Context;
  end(answer: ApiResult): void;
  fail(thrown: unknown): void;
}

interface Queue {
  entries: Entry[];
  bytes: number;
  timer?: NodeJS.Timeout | undefined;
}

/** How long what waits may wait for company: less than anybody notices. */
const lingerMs = 200;
/** While bulk waits as well, realtime fills its bodies better, so that both get along with one quota. */
const sharedLingerMs = 600;
/** Turns may come up sooner than was foretold. */
const longestNapMs = 250;
/** Bodies on their way at a time: each may have megabytes. */
const maxSending = 16;
const unavailable = (reason: string): ApiResult => ({ ok: false, failure: { type: 'unavailable', reason } });
const withdrawn = unavailable('the deadline passed before it could be sent');
const never = new AbortController().signal;

export interface BatcherDeps {
  client: KlaviyoClient;
  jobs: JobPoller;
  /** Requests a minute that are ours. */
  perMinute: number;
}

export function createBatcher(write: Operation, { client, jobs, perMinute }: BatcherDeps): Batcher {
  const queues: Record<Lane, Queue> = { realtime: { entries: [], bytes: 0 }, bulk: { entries: [], bytes: 0 } };
  const room = bodyCapacity(write);
  let sending = 0;
  let planned = false;

  /** Soon, when everything that arrives at this moment is there. */
  function plan(): void {
    if (planned) return;
    planned = true;
    setImmediate(() => {
      planned = false;
      for (const lane of ['realtime', 'bulk'] as const) flush(lane);
    });
  }

  function trigger(lane: Lane, ms: number): void {
    const queue = queues[lane];
    clearTimeout(queue.timer);
    queue.timer = setTimeout(() => {
      queue.timer = undefined;
      expire(queue);
      flush(lane);
    }, ms);
  }

  /** Sends what has its turn, and comes back when the next may have one. */
  function flush(lane: Lane): void {
    try {
      let waitMs = tryFlush(lane);
      while (waitMs === 0) waitMs = tryFlush(lane);
      if (waitMs !== undefined) trigger(lane, waitMs);
    } catch (thrown) {
      // A timer called this, so the callers hear of it here or never.
      const queue = queues[lane];
      queue.bytes = 0;
      for (const entry of queue.entries.splice(0)) entry.fail(thrown);
    }
  }

  /** @returns 0 when something was sent, milliseconds to wait, or undefined when nothing is left */
  function tryFlush(lane: Lane): number | undefined {
    const queue = queues[lane];
    expireFirst(queue);
    const oldest = queue.entries[0];
    if (!oldest) return undefined;
    const full = queue.entries.length >= write.maxRecords || queue.bytes >= room;
    const dueMs = full ? 0 : oldest.since + linger(lane) - performance.now();
    const few = queue.entries.length <= write.maxSingle;
    if (few && (lane === 'realtime' || dueMs <= 0) && sendSingle(queue, lane)) return 0;
    if (dueMs > 0) return Math.ceil(dueMs);
    const waitMs = msUntilBulk(lane);
    if (waitMs > 0) return Math.min(waitMs, longestNapMs);
    void sendBulk(takeBatch(queue), lane);
    return 0;
  }

  function linger(lane: Lane): number {
    if (lane === 'realtime' && queues.bulk.entries.length > 0) return sharedLingerMs;
    return lingerMs;
  }

  /** Takes a turn for a bulk body. @returns 0, or milliseconds until it is worth asking again */
  function msUntilBulk(lane: Lane): number {
    if (sending >= maxSending) return 50;
    if (write.job && jobs.inProgress(write.job) >= maxJobsInProgress) return 250;
    return client.tryAcquire(write.bulk, lane);
  }

  /** Only those that come next: thousands may wait behind them, and each body would look at all. */
  function expireFirst(queue: Queue): void {
    const alive = queue.entries.findIndex(({ way }) => !way.deadline.aborted);
    const gone = queue.entries.splice(0, alive === -1 ? queue.entries.length : alive);
    for (const entry of gone) {
      queue.bytes -= entry.bytes;
      entry.end(withdrawn);
    }
  }

  function expire(queue: Queue): void {
    if (!queue.entries.some(({ way }) => way.deadline.aborted)) return;
    const left: Entry[] = [];
    for (const entry of queue.entries) {
      if (!entry.way.deadline.aborted) left.push(entry);
      else {
        queue.bytes -= entry.bytes;
        entry.end(withdrawn);
      }
    }
    queue.entries = left;
  }

  /** As many as a body takes, the oldest first; whose patience has ended is left out, who must not come along stays. */
  function takeBatch(queue: Queue): Entry[] {
    const company = createIdentityGuard();
    const filled: Entry[] = [];
    const staying: Entry[] = [];
    let [bytes, count] = [0, 0];
    for (const entry of queue.entries) {
      const late = entry.way.deadline.aborted;
      if (!late && (filled.length >= write.maxRecords || (filled.length > 0 && bytes + entry.bytes > room))) break;
      count += 1;
      if (!late && !company.admits(entry.item)) {
        staying.push(entry);
        continue;
      }
      queue.bytes -= entry.bytes;
      if (late) entry.end(withdrawn);
      else {
        bytes += entry.bytes;
        filled.push(entry);
      }
    }
    queue.entries.splice(0, count, ...staying);
    return filled;
  }

  /** @returns whether one went out */
  function sendSingle(queue: Queue, lane: Lane): boolean {
    if (client.tryAcquire(write.single, lane) > 0) return false;
    const entry = queue.entries.shift();
    if (!entry) return false;
    queue.bytes -= entry.bytes;
    void settleAlone(entry, { lane, acquired: true });
    return true;
  }

  /** Never rejects: what is thrown rejects the entry's caller. */
  async function settleAlone(entry: Entry, way: Pick<ApiCall, 'lane' | 'acquired'>): Promise<void> {
    try {
      entry.end(await callSingle(entry, way));
    } catch (thrown) {
      entry.fail(thrown);
    }
  }

  function callSingle(
    { item, origin }: Entry,
    { lane, acquired }: Pick<ApiCall, 'lane' | 'acquired'>,
  ): Promise<ApiResult> {
    const body = item.singleBody();
    const call: ApiCall = {
      endpoint: write.single,
      ...(item.id === undefined ? {} : { id: item.id }),
      ...(body === undefined ? {} : { body }),
      lane,
      signal: never,
      ...(acquired ? { acquired } : {}),
    };
    return sharing([origin], () => client.call(call));
  }

  /** Never rejects, as `together`. */
  async function sendBulk(entries: readonly Entry[], lane: Lane): Promise<void> {
    sending += 1;
    try {
      await callBulk(entries, { lane, acquired: true });
    } finally {
      sending -= 1;
      plan();
    }
  }

  /** Sends one body and settles its entries. Never rejects: what is thrown rejects every caller of the body. */
  async function callBulk(entries: readonly Entry[], way: Pick<ApiCall, 'lane' | 'acquired'>): Promise<void> {
    try {
      await sendBody(entries, way);
    } catch (thrown) {
      for (const entry of entries) entry.fail(thrown);
    }
  }

  async function sendBody(entries: readonly Entry[], way: Pick<ApiCall, 'lane' | 'acquired'>): Promise<void> {
    const { text, positions: places } = bulkBody(
      write,
      entries.map(({ item }) => item),
    );
    const origins = entries.map(({ origin }) => origin);
    const call: ApiCall = { endpoint: write.bulk, body: text, signal: never, ...way };
    const answer = await sharing(origins, () => client.call(call));
    if (!answer.ok && answer.failure.type === 'rejected')
      return settleRejected(entries, { places, failure: answer.failure }, way.lane);
    if (!answer.ok || !write.job) {
      for (const entry of entries) entry.end(answer);
      return;
    }
    const id = startedJob.safeParse(answer.body);
    if (!id.success) {
      for (const entry of entries) entry.end(oddAnswer);
      return;
    }
    const job = { endpoint: write.job.get, id: id.data.data.id };
    const listening = entries.filter(({ way }) => way.onJobAccepted);
    for (const { way } of listening) way.onJobAccepted?.(job, listening.length);
    // Not awaited: the next body need not wait for this job.
    void jobs
      .waitFor(write.job, job.id)
      .then((end) => settleJob(entries, end, { places, lane: way.lane }))
      .catch((thrown: unknown) => {
        for (const entry of entries) entry.fail(thrown);
      });
  }

  /** A refused body is not a refused batch: who is meant goes alone, the rest goes again. */
  async function settleRejected(
    entries: readonly Entry[],
    refused: { places: BodyPosition[]; failure: Extract<ApiFailure, { type: 'rejected' }> },
    lane: Lane,
  ): Promise<void> {
    const { recorded: there, single: odd, retry: again } = splitRejected(entries, refused);
    for (const entry of there) entry.end({ ok: true, status: 202, body: undefined });
    await Promise.all([
      ...odd.map((entry) => settleAlone(entry, { lane })),
      ...again.map((part) => callBulk(part, { lane })),
    ]);
  }

  async function settleJob(
    entries: readonly Entry[],
    end: JobResult,
    { places, lane }: { places: BodyPosition[]; lane: Lane },
  ): Promise<void> {
    if (!end.known) {
      for (const entry of entries) entry.end(unavailable(end.reason));
      return;
    }
    const { failed, unclear } = attribute(entries, end.errors, places);
    await Promise.all(
      entries.map(async (entry) => {
        const error = failed.get(entry);
        if (error) return entry.end({ ok: false, failure: failureOf(error) });
        // An error that nobody can be found for may be this record's: alone it gets an answer of its own.
        if (unclear) await settleAlone(entry, { lane });
        else entry.end({ ok: true, status: 200, body: undefined });
      }),
    );
  }

  return {
    write(item, way) {
      const bytes = itemBytes(item);
      const queue = queues[way.lane];
      queue.bytes += bytes;
      plan();
      return new Promise((end, fail) => {
        queue.entries.push({ item, bytes, way, since: performance.now(), origin: here(), end, fail });
      });
    },
    estimateWaitMs() {
      const { entries, bytes } = queues.realtime;
      const bodies = Math.max(entries.length / write.maxRecords, bytes / room);
      return (bodies / perMinute) * 60_000;
    },
  };
}

const startedJob = z.object({ data: z.object({ id: z.string() }) });
const oddAnswer = unavailable('Klaviyo accepted a job in an unknown shape');
