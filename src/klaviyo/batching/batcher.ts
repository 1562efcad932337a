/**
 * One kind of write: alone at once while little waits, many in one body when more waits. What goes into a body is
 * decided when its turn has come, so that it is as full as it can be; filled by count and by the bytes that are sent.
 */
import type { Context } from '@opentelemetry/api';
import { z } from 'zod';
import { here, sharing } from '../../telemetry/span.ts';
import type { Answer, Call, KlaviyoClient } from '../api/client.ts';
import type { Failure } from '../api/errors.ts';
import type { Lane } from '../api/rate-limiter.ts';
import { findRefused } from './bisect.ts';
import { createCompany } from './identity-guard.ts';
import { attribute, failureOf } from './job-errors.ts';
import type { AcceptedJob, JobEnd, Jobs } from './job-poller.ts';
import { bodyOf, mostJobsInProgress, type Parcel, type Place, roomOf, sizeOf, type Write } from './operations.ts';

export interface Way {
  lane: Lane;
  /** The caller's: what is not in a body when it ends is withdrawn. */
  patience: Pick<AbortSignal, 'aborted'>;
  /**
   * Called once when Klaviyo has taken the record into a job; how that ends is still to come.
   * @param records how many records of the job are told, this one among them
   */
  onJob?(job: AcceptedJob, records: number): void;
}

export interface Batcher {
  /**
   * @returns what Klaviyo said of the record; of a job: how that ended for it. Rejects only with what was thrown on the
   * way: a bug, after which the batcher goes on with what waits
   */
  write(parcel: Parcel, way: Way): Promise<Answer>;
  /** Milliseconds in which what waits can be written, at the published pace. */
  backlogMs(): number;
}

interface Entry {
  parcel: Parcel;
  bytes: number;
  way: Way;
  since: number;
  /** For the trace: who waits for it. */
  origin: Context;
  end(answer: Answer): void;
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
const mostSending = 16;
const unavailable = (reason: string): Answer => ({ ok: false, failure: { kind: 'unavailable', reason } });
const withdrawn = unavailable('the deadline passed before it could be sent');
const never = new AbortController().signal;

export interface BatchParts {
  client: KlaviyoClient;
  jobs: Jobs;
  /** Requests a minute that are ours. */
  perMinute: number;
}

export function createBatcher(write: Write, { client, jobs, perMinute }: BatchParts): Batcher {
  const queues: Record<Lane, Queue> = { realtime: { entries: [], bytes: 0 }, bulk: { entries: [], bytes: 0 } };
  const room = roomOf(write);
  let sending = 0;
  let planned = false;

  /** Soon, when everything that arrives at this moment is there. */
  function plan(): void {
    if (planned) return;
    planned = true;
    setImmediate(() => {
      planned = false;
      for (const lane of ['realtime', 'bulk'] as const) work(lane);
    });
  }

  function wake(lane: Lane, ms: number): void {
    const queue = queues[lane];
    clearTimeout(queue.timer);
    queue.timer = setTimeout(() => {
      queue.timer = undefined;
      withdraw(queue);
      work(lane);
    }, ms);
  }

  /** Sends what has its turn, and comes back when the next may have one. */
  function work(lane: Lane): void {
    try {
      let waitMs = step(lane);
      while (waitMs === 0) waitMs = step(lane);
      if (waitMs !== undefined) wake(lane, waitMs);
    } catch (thrown) {
      // A timer called this, so the callers hear of it here or never.
      const queue = queues[lane];
      queue.bytes = 0;
      for (const entry of queue.entries.splice(0)) entry.fail(thrown);
    }
  }

  /** @returns 0 when something was sent, milliseconds to wait, or undefined when nothing is left */
  function step(lane: Lane): number | undefined {
    const queue = queues[lane];
    withdrawFirst(queue);
    const oldest = queue.entries[0];
    if (!oldest) return undefined;
    const full = queue.entries.length >= write.most || queue.bytes >= room;
    const dueMs = full ? 0 : oldest.since + linger(lane) - performance.now();
    const few = queue.entries.length <= write.mostAlone;
    if (few && (lane === 'realtime' || dueMs <= 0) && sendAlone(queue, lane)) return 0;
    if (dueMs > 0) return Math.ceil(dueMs);
    const waitMs = untilTogether(lane);
    if (waitMs > 0) return Math.min(waitMs, longestNapMs);
    void sendTogether(fill(queue), lane);
    return 0;
  }

  function linger(lane: Lane): number {
    if (lane === 'realtime' && queues.bulk.entries.length > 0) return sharedLingerMs;
    return lingerMs;
  }

  /** Takes a turn for a bulk body. @returns 0, or milliseconds until it is worth asking again */
  function untilTogether(lane: Lane): number {
    if (sending >= mostSending) return 50;
    if (write.job && jobs.inProgress(write.job) >= mostJobsInProgress) return 250;
    return client.takeTurn(write.together, lane);
  }

  /** Only those that come next: thousands may wait behind them, and each body would look at all. */
  function withdrawFirst(queue: Queue): void {
    const alive = queue.entries.findIndex(({ way }) => !way.patience.aborted);
    const gone = queue.entries.splice(0, alive === -1 ? queue.entries.length : alive);
    for (const entry of gone) {
      queue.bytes -= entry.bytes;
      entry.end(withdrawn);
    }
  }

  function withdraw(queue: Queue): void {
    if (!queue.entries.some(({ way }) => way.patience.aborted)) return;
    const left: Entry[] = [];
    for (const entry of queue.entries) {
      if (!entry.way.patience.aborted) left.push(entry);
      else {
        queue.bytes -= entry.bytes;
        entry.end(withdrawn);
      }
    }
    queue.entries = left;
  }

  /** As many as a body takes, the oldest first; whose patience has ended is left out, who must not come along stays. */
  function fill(queue: Queue): Entry[] {
    const company = createCompany();
    const filled: Entry[] = [];
    const staying: Entry[] = [];
    let [bytes, count] = [0, 0];
    for (const entry of queue.entries) {
      const late = entry.way.patience.aborted;
      if (!late && (filled.length >= write.most || (filled.length > 0 && bytes + entry.bytes > room))) break;
      count += 1;
      if (!late && !company.takes(entry.parcel)) {
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
  function sendAlone(queue: Queue, lane: Lane): boolean {
    if (client.takeTurn(write.alone, lane) > 0) return false;
    const entry = queue.entries.shift();
    if (!entry) return false;
    queue.bytes -= entry.bytes;
    void settleAlone(entry, { lane, turnTaken: true });
    return true;
  }

  /** Never rejects: what is thrown rejects the entry's caller. */
  async function settleAlone(entry: Entry, way: Pick<Call, 'lane' | 'turnTaken'>): Promise<void> {
    try {
      entry.end(await alone(entry, way));
    } catch (thrown) {
      entry.fail(thrown);
    }
  }

  function alone({ parcel, origin }: Entry, { lane, turnTaken }: Pick<Call, 'lane' | 'turnTaken'>): Promise<Answer> {
    const body = parcel.alone();
    const call: Call = {
      endpoint: write.alone,
      ...(parcel.id === undefined ? {} : { id: parcel.id }),
      ...(body === undefined ? {} : { body }),
      lane,
      signal: never,
      ...(turnTaken ? { turnTaken } : {}),
    };
    return sharing([origin], () => client.call(call));
  }

  /** Never rejects, as `together`. */
  async function sendTogether(entries: readonly Entry[], lane: Lane): Promise<void> {
    sending += 1;
    try {
      await together(entries, { lane, turnTaken: true });
    } finally {
      sending -= 1;
      plan();
    }
  }

  /** Sends one body and settles its entries. Never rejects: what is thrown rejects every caller of the body. */
  async function together(entries: readonly Entry[], way: Pick<Call, 'lane' | 'turnTaken'>): Promise<void> {
    try {
      await sendBody(entries, way);
    } catch (thrown) {
      for (const entry of entries) entry.fail(thrown);
    }
  }

  async function sendBody(entries: readonly Entry[], way: Pick<Call, 'lane' | 'turnTaken'>): Promise<void> {
    const { text, places } = bodyOf(
      write,
      entries.map(({ parcel }) => parcel),
    );
    const origins = entries.map(({ origin }) => origin);
    const call: Call = { endpoint: write.together, body: text, signal: never, ...way };
    const answer = await sharing(origins, () => client.call(call));
    if (!answer.ok && answer.failure.kind === 'refused')
      return settleRefused(entries, { places, failure: answer.failure }, way.lane);
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
    const listening = entries.filter(({ way }) => way.onJob);
    for (const { way } of listening) way.onJob?.(job, listening.length);
    // Not awaited: the next body need not wait for this job.
    void jobs
      .follow(write.job, job.id)
      .then((end) => settleJob(entries, end, { places, lane: way.lane }))
      .catch((thrown: unknown) => {
        for (const entry of entries) entry.fail(thrown);
      });
  }

  /** A refused body is not a refused batch: who is meant goes alone, the rest goes again. */
  async function settleRefused(
    entries: readonly Entry[],
    refused: { places: Place[]; failure: Extract<Failure, { kind: 'refused' }> },
    lane: Lane,
  ): Promise<void> {
    const { there, alone: odd, again } = findRefused(entries, refused);
    for (const entry of there) entry.end({ ok: true, status: 202, body: undefined });
    await Promise.all([
      ...odd.map((entry) => settleAlone(entry, { lane })),
      ...again.map((part) => together(part, { lane })),
    ]);
  }

  async function settleJob(
    entries: readonly Entry[],
    end: JobEnd,
    { places, lane }: { places: Place[]; lane: Lane },
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
    write(parcel, way) {
      const bytes = sizeOf(parcel);
      const queue = queues[way.lane];
      queue.bytes += bytes;
      plan();
      return new Promise((end, fail) => {
        queue.entries.push({ parcel, bytes, way, since: performance.now(), origin: here(), end, fail });
      });
    },
    backlogMs() {
      const { entries, bytes } = queues.realtime;
      const bodies = Math.max(entries.length / write.most, bytes / room);
      return (bodies / perMinute) * 60_000;
    },
  };
}

const startedJob = z.object({ data: z.object({ id: z.string() }) });
const oddAnswer = unavailable('Klaviyo accepted a job in an unknown shape');
