/** Sends the entries of one operation, in single requests and in bulk bodies, and settles each of them. */
import { z } from 'zod';
import { sharing, type TraceContext } from '../../telemetry/span.ts';
import type { ApiCall, ApiResult, KlaviyoClient } from '../api/client.ts';
import type { ApiFailure } from '../api/errors.ts';
import type { Lane } from '../api/rate-limiter.ts';
import { splitRejected } from './bisect.ts';
import type { BulkAccess } from './bulk-access.ts';
import { type BatchItem, type BodyPosition, bulkBody } from './bulk-body.ts';
import { attribute, failureOf, redacted, rejectedBy } from './job-errors.ts';
import type { AcceptedJob, JobError, JobPoller, JobResult } from './job-poller.ts';
import { createLocationClaims } from './location-claims.ts';
import type { Operation } from './operations.ts';

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

export interface Entry {
  item: BatchItem;
  bytes: number;
  options: WriteOptions;
  queuedAt: number;
  /** The caller's trace; a request is linked to all of its entries' traces. */
  traceContext: TraceContext;
  resolve(result: ApiResult): void;
  reject(thrown: unknown): void;
}

type RequestOptions = Pick<ApiCall, 'lane' | 'acquired'> & {
  /** How often in a row Klaviyo has rejected a body of these entries and named just one recorded event. */
  namedOne?: number;
};

export interface BodySender {
  /** The item is queued: of several orders one gives a profile its address. */
  onQueued(item: BatchItem, lane: Lane): void;
  /** Sends one entry and settles it. Never rejects: an exception rejects the entry. @returns whether Klaviyo accepted it */
  sendSingle(entry: Entry, options: Pick<ApiCall, 'lane' | 'acquired'>): Promise<boolean>;
  /** Resolves with the response to the body; a job's entries are settled later. Never rejects. */
  sendBulk(entries: readonly Entry[], options: Pick<ApiCall, 'lane' | 'acquired'>): Promise<void>;
}

/** Klaviyo may name one recorded event per response: after this many such responses the rest is sent singly. */
const maxNamedOne = 2;
const never = new AbortController().signal;
const unknownShape: ApiResult = {
  ok: false,
  failure: { type: 'unavailable', reason: 'Klaviyo accepted a job in an unknown shape' },
};
const unlistedError: JobError = { code: 'unknown', detail: 'the job counts a failed record and lists no error' };
// An empty id would be awaited forever.
const acceptedJob = z.object({ data: z.object({ id: z.string().min(1) }) });

export interface BodySenderDeps {
  client: KlaviyoClient;
  jobs: JobPoller;
  access: BulkAccess;
}

export function createBodySender(operation: Operation, { client, jobs, access }: BodySenderDeps): BodySender {
  const locationClaims = createLocationClaims();

  async function sendSingle(entry: Entry, { lane, acquired }: RequestOptions): Promise<boolean> {
    const { item, traceContext } = entry;
    if (item.bulkOnly) {
      await callBulk([entry], { lane });
      return false;
    }
    try {
      const [location] = locationClaims.claim([item], lane).values();
      const request = { endpoint: operation.single, id: item.id, body: item.singleBody(location), signal: never };
      const result = await sharing([traceContext], () => client.call({ ...request, lane, acquired }));
      entry.resolve(result);
      return result.ok;
    } catch (thrown) {
      entry.reject(thrown);
      return false;
    }
  }

  async function sendSingly(entries: readonly Entry[], lane: Lane): Promise<void> {
    await Promise.all(entries.map((entry) => sendSingle(entry, { lane })));
  }

  async function callBulk(entries: readonly Entry[], options: RequestOptions): Promise<void> {
    await sendBody(entries, options).catch((thrown: unknown) => rejectAll(entries, thrown));
  }

  /** A function of its own, so that nothing refers to the body while its job is in progress. */
  async function post(entries: readonly Entry[], { lane, acquired }: RequestOptions) {
    const items = entries.map(({ item }) => item);
    const { text, positions } = bulkBody(operation, items, locationClaims.claim(items, lane));
    const traceContexts = entries.map(({ traceContext }) => traceContext);
    const request = { endpoint: operation.bulk, body: text, signal: never, lane, acquired };
    return { result: await sharing(traceContexts, () => client.call(request)), positions };
  }

  function releaseUnused({ acquired }: RequestOptions): void {
    if (acquired) client.releaseToken(operation.bulk);
  }

  /** Sends one bulk body. Settles its entries, or leaves that to the job. */
  async function sendBody(entries: readonly Entry[], options: RequestOptions): Promise<void> {
    const { lane } = options;
    const verification = await access.beginBody(entries.map(({ item }) => item)).catch((thrown: unknown) => {
      releaseUnused(options);
      throw thrown;
    });
    if (verification === 'single') {
      releaseUnused(options);
      return sendSingly(entries, lane);
    }
    const repeated = verification && entries[verification.repeated];
    if (repeated && !(await verification.isRepeated(await sendSingle(repeated, { lane })))) {
      releaseUnused(options);
      return sendSingly(
        entries.filter((entry) => entry !== repeated),
        lane,
      );
    }
    const { result, positions } = await post(entries, options).catch((thrown: unknown) => {
      verification?.abandon();
      throw thrown;
    });
    if (!result.ok) verification?.abandon();
    if (!result.ok) return settleFailure(entries, { positions, failure: result.failure }, options);
    if (verification && !(await verification.isRecorded())) {
      await sendSingly(entries, lane);
      return verification.afterSingles();
    }
    if (!operation.job) return resolveAll(entries, result);
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

  async function settleFailure(
    entries: readonly Entry[],
    { positions, failure }: { positions: BodyPosition[]; failure: ApiFailure },
    { lane, namedOne = 0 }: RequestOptions,
  ): Promise<void> {
    const isForbidden = failure.type === 'forbidden' && !isFinal(entries);
    if (isForbidden && access.onForbidden(failure.reason)) return sendSingly(entries, lane);
    if (failure.type !== 'rejected') return resolveAll(entries, { ok: false, failure });
    const { recorded, single, retry } = splitRejected(entries, { positions, failure });
    if (recorded.length > 0) access.onRecordedRejected();
    resolveAll(recorded, { ok: true, status: 202, body: undefined });
    const namedOneAgain = recorded.length === 1 && single.length === 0 ? namedOne + 1 : 0;
    const resend = (part: Entry[]) =>
      namedOneAgain >= maxNamedOne ? sendSingly(part, lane) : callBulk(part, { lane, namedOne: namedOneAgain });
    if (isFinal(entries)) return resolveAll(single, { ok: false, failure });
    await Promise.all([sendSingly(single, lane), ...retry.map(resend)]);
  }

  async function settleJob(
    entries: readonly Entry[],
    jobResult: JobResult,
    { positions, lane }: { positions: BodyPosition[]; lane: Lane },
  ): Promise<void> {
    const isForbidden = jobResult.outcome === 'forbidden' && !isFinal(entries);
    if (isForbidden && access.onForbidden(jobResult.reason)) return sendSingly(entries, lane);
    if (jobResult.outcome !== 'completed') {
      const type = jobResult.outcome === 'forbidden' ? 'forbidden' : 'unavailable';
      return resolveAll(entries, { ok: false, failure: { type, reason: jobResult.reason } });
    }
    const { failed, unattributed } = attribute(entries, jobResult, positions);
    await Promise.all(
      entries.map(async (entry) => {
        const listed = failed.get(entry);
        const unlisted = unattributed && isFinal(entries) ? unlistedError : undefined;
        const error = listed ? redacted(listed, entry.item.text()) : unlisted;
        const failure = error && (isFinal(entries) ? rejectedBy(error) : failureOf(error, operation));
        // A single request shows what an unclear error means, and whether an unattributed one belongs to this record.
        if (failure === 'unclear' || (!failure && unattributed)) return sendSingle(entry, { lane });
        entry.resolve(failure ? { ok: false, failure } : { ok: true, status: 200, body: undefined });
      }),
    );
  }

  return { onQueued: locationClaims.add, sendSingle, sendBulk: (entries, options) => callBulk(entries, options) };
}

/** A record that can't be sent in a single request is alone in its body: no smaller request could tell more. */
function isFinal(entries: readonly Entry[]): boolean {
  return entries.length === 1 && entries[0]?.item.bulkOnly === true;
}

export function resolveAll(entries: readonly Entry[], result: ApiResult): void {
  for (const entry of entries) entry.resolve(result);
}

export function rejectAll(entries: readonly Entry[], thrown: unknown): void {
  for (const entry of entries) entry.reject(thrown);
}
