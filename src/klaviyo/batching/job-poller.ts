/**
 * Polls bulk jobs until they end. Reads the paginated list of an operation's jobs rather than each job, which takes far
 * fewer requests.
 *
 * The order of a list is not documented and may be newest first or oldest first. A poll reads from the first page until it
 * has seen every awaited job. In a list that is known to be oldest first it starts at the page of the oldest unfinished
 * job instead, since the pages before it hold only ended jobs.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { createBackoff } from '../../lib/backoff.ts';
import { omitUndefined } from '../../lib/omit-undefined.ts';
import type { KlaviyoClient } from '../api/client.ts';
import { endpoints } from '../api/endpoints.ts';
import { positionOf } from './bulk-body.ts';
import { type JobEndpoints, operations } from './operations.ts';

/** Why a record of a job was not written. */
export interface JobError {
  code: string;
  detail: string;
  /** JSON pointer into the job's request body, or into the record. */
  pointer?: string;
  /** The record as Klaviyo received it; only profile imports return it. */
  payload?: unknown;
  /** Id of the record; only catalog jobs return it. */
  recordId?: string;
}

export type JobResult =
  /** `unlistedErrors`: records that failed, by the job's counts, without an error in the list. */
  | { outcome: 'completed'; errors: JobError[]; unlistedErrors: number }
  /** The key may not read the job. */
  | { outcome: 'forbidden'; reason: string }
  | { outcome: 'unknown'; reason: string };

export interface AcceptedJob {
  endpoint: string;
  id: string;
}

/**
 * `ended` includes jobs that Klaviyo does not know, and those that the key may not read: their end can't be
 * found out. `unknown`: Klaviyo could not be asked, or answered in another shape.
 */
export type JobState = 'ended' | 'in-progress' | 'unknown';

/** Reads the state of a job that another process has started. */
export async function stateOfJob(client: KlaviyoClient, job: AcceptedJob, signal: AbortSignal): Promise<JobState> {
  const endpoint = Object.values(operations)
    .flatMap((operation) => ('job' in operation ? [operation.job.get] : []))
    .find((get) => get === job.endpoint);
  if (!endpoint) return 'ended';
  const result = await client.call({ endpoint, id: job.id, lane: 'bulk', signal });
  if (!result.ok) return ['rejected', 'forbidden'].includes(result.failure.type) ? 'ended' : 'unknown';
  const { success, data } = jobDocument.safeParse(result.body);
  if (!success) return 'unknown';
  return ['complete', 'cancelled'].includes(data.data.attributes.status) ? 'ended' : 'in-progress';
}

export interface JobPoller {
  /** @returns how many jobs of this operation are awaited */
  inProgress(job: JobEndpoints): number;
  /** Resolves when the job has ended. Rejects only with an exception in this process. */
  waitFor(job: JobEndpoints, id: string): Promise<JobResult>;
}

const errorSchema = z.object({
  code: z.string().catch('invalid'),
  title: z.string().nullish(),
  detail: z.string().nullish(),
  source: z.object({ pointer: z.string().nullish() }).nullish().catch(undefined),
  original_payload: z.unknown().optional(),
  meta: z.object({ id: z.string().nullish() }).nullish().catch(undefined),
});
const jobSchema = z.object({
  id: z.string(),
  attributes: z.object({
    status: z.string(),
    created_at: z.string().nullish(),
    total_count: z.number().nullish(),
    completed_count: z.number().nullish(),
    failed_count: z.number().nullish(),
    errors: z.array(errorSchema).nullish(),
  }),
});
type Job = z.infer<typeof jobSchema>;
const jobDocument = z.object({ data: jobSchema });
const jobList = z.object({ data: z.array(jobSchema), links: z.object({ next: z.string().nullish() }).optional() });
const importErrorList = z.object({ data: z.array(z.object({ attributes: errorSchema })) });

const firstPollMs = 100;
/** Maximum pages per poll: enough for all jobs in progress and those of other API clients between them. */
const maxPages = 20;
/** Lists lag behind: after this many polls without it, a job is requested by its id. */
const maxMissedPolls = 5;

/** A list of errors may be shorter than the job's counts for a while: so many polls read it again. */
const maxIncompletePolls = 3;

/**
 * A job that has not ended by then never will: the slowest recorded one took five minutes. Its records are written again,
 * instead of holding their places, and what follows them, for as long as the process lives.
 */
export const maxJobMs = 6 * 60 * 60_000;

type AwaitedJob = PromiseWithResolvers<JobResult> & { since: number; missedPolls: number; incompletePolls: number };

/** One list of jobs, polled while jobs of it are awaited. */
interface PolledList {
  job: JobEndpoints;
  awaited: Map<string, AwaitedJob>;
  isPolling: boolean;
  /** Known from the creation times of two jobs in one poll. */
  oldestFirst: boolean;
  /** Where the next poll starts; only set when `oldestFirst`. */
  cursor?: string | undefined;
}

/**
 * A page of a list, or why it could not be read: `unavailable`: an outage; `forbidden`: the key lacks a scope;
 * `cursor-rejected`: the cursor of an earlier poll is no longer valid; `unusable`: Klaviyo rejects the list, or answers in
 * another shape.
 */
type JobListPage = { jobs: Job[]; cursor: string | undefined } | { unreadable: UnreadableReason; reason?: string };
type UnreadableReason = 'unavailable' | 'forbidden' | 'cursor-rejected' | 'unusable';

/** @param signal stops polling; jobs that have not ended by then resolve as `unknown` */
export function createJobPoller(client: KlaviyoClient, signal: AbortSignal): JobPoller {
  const lists = new Map<JobEndpoints['list'], PolledList>();

  function listOf(job: JobEndpoints): PolledList {
    const existing = lists.get(job.list);
    if (existing) return existing;
    const created: PolledList = { job, awaited: new Map(), isPolling: false, oldestFirst: false };
    lists.set(job.list, created);
    return created;
  }

  /** Never rejects: an exception rejects all awaited jobs, and the next `waitFor` starts polling again. */
  async function pollUntilEnded(list: PolledList): Promise<void> {
    if (list.isPolling) return;
    list.isPolling = true;
    // Five token intervals of the list, but between one and two seconds.
    const quotaMs = 300_000 / endpoints[list.job.list].perMinute;
    const backoff = createBackoff({ firstMs: firstPollMs, maxMs: Math.min(2_000, Math.max(1_000, quotaMs)) });
    try {
      while (list.awaited.size > 0) {
        await sleep(backoff.nextMs(), undefined, { signal }).catch(() => undefined);
        if (signal.aborted) break;
        await poll(list);
        giveUpOverdue(list);
      }
      for (const { resolve } of list.awaited.values())
        resolve({ outcome: 'unknown', reason: 'stopped before the job had ended' });
    } catch (thrown) {
      for (const { reject } of list.awaited.values()) reject(thrown);
    }
    list.awaited.clear();
    list.isPolling = false;
  }

  function giveUpOverdue({ awaited }: PolledList): void {
    const overdueSince = performance.now() - maxJobMs;
    for (const [id, { since, resolve }] of awaited) {
      if (since > overdueSince) continue;
      awaited.delete(id);
      resolve({ outcome: 'unknown', reason: 'the job has not ended within six hours' });
    }
  }

  async function poll(list: PolledList): Promise<void> {
    const { seen, missing, nextCursor, unreadable } = await readUntilAllSeen(list);
    list.oldestFirst = isOldestFirst(seen) ?? list.oldestFirst;
    list.cursor = list.oldestFirst && unreadable !== 'cursor-rejected' ? nextCursor : undefined;
    // A job may be on a page that could not be read, so it does not count as missing.
    if (unreadable === 'unavailable' || unreadable === 'cursor-rejected') return;
    for (const id of missing) await countMissed(list, id);
  }

  /** Reads the list until every awaited job was seen, and settles those that have ended. */
  async function readUntilAllSeen(list: PolledList) {
    const missing = new Set(list.awaited.keys());
    const seen: Job[] = [];
    let nextCursor = list.cursor;
    let foundUnfinished = false;
    let unreadable: UnreadableReason | undefined;
    for await (const page of pagesOf(list)) {
      if ('unreadable' in page) {
        unreadable = page.unreadable;
        if (page.unreadable === 'forbidden') endForbidden(list, page.reason ?? '');
        break;
      }
      seen.push(...page.jobs);
      const found = page.jobs.filter(({ id }) => missing.delete(id));
      await Promise.all(found.map((job) => settle(list, job)));
      // Ends at the page of the oldest unfinished job, or at the last page that was read.
      if (!foundUnfinished) nextCursor = page.cursor;
      foundUnfinished ||= found.some(({ id }) => list.awaited.has(id));
      if (missing.size === 0) break;
    }
    return { seen, missing, nextCursor, unreadable };
  }

  function endForbidden(list: PolledList, reason: string): void {
    for (const { resolve } of list.awaited.values()) resolve({ outcome: 'forbidden', reason });
    list.awaited.clear();
  }

  /** Yields the pages from the list's cursor; an unreadable page is the last one. */
  async function* pagesOf({ job, cursor: start }: PolledList): AsyncGenerator<JobListPage> {
    let cursor = start;
    for (let pages = 0; pages < maxPages; pages += 1) {
      const { next, ...page } = await readPage(job, cursor);
      yield 'unreadable' in page && page.unreadable === 'unusable' && pages === 0 && start !== undefined
        ? { unreadable: 'cursor-rejected' }
        : page;
      if (next === undefined) return;
      cursor = next;
    }
  }

  async function readPage(
    job: JobEndpoints,
    cursor: string | undefined,
  ): Promise<JobListPage & { next?: string | undefined }> {
    const query = { ...job.query, ...(cursor === undefined ? {} : { 'page[cursor]': cursor }) };
    const result = await client.call({ endpoint: job.list, query, lane: 'bulk', signal });
    if (!result.ok && result.failure.type === 'forbidden')
      return { unreadable: 'forbidden', reason: result.failure.reason };
    if (!result.ok && result.failure.type !== 'rejected') return { unreadable: 'unavailable' };
    const parsed = result.ok ? jobList.safeParse(result.body) : undefined;
    if (!parsed?.success) return { unreadable: 'unusable' };
    return { jobs: parsed.data.data, cursor, next: cursorOf(parsed.data.links?.next) };
  }

  /** Requests a job by its id when the list has not shown it for some polls; the next poll starts at the first page. */
  async function countMissed(list: PolledList, id: string): Promise<void> {
    const awaited = list.awaited.get(id);
    if (!awaited) return;
    awaited.missedPolls += 1;
    if (awaited.missedPolls < maxMissedPolls) return;
    awaited.missedPolls = 0;
    list.cursor = undefined;
    const result = await client.call({ endpoint: list.job.get, id, lane: 'bulk', signal });
    const parsed = result.ok ? jobDocument.safeParse(result.body) : undefined;
    if (parsed?.success) return settle(list, parsed.data.data);
    if (result.ok || result.failure.type !== 'rejected') return;
    list.awaited.delete(id);
    awaited.resolve({ outcome: 'unknown', reason: 'Klaviyo no longer knows the job' });
  }

  async function settle(list: PolledList, { id, attributes }: Job): Promise<void> {
    const awaited = list.awaited.get(id);
    if (!awaited) return;
    awaited.missedPolls = 0;
    if (attributes.status === 'cancelled') {
      list.awaited.delete(id);
      return awaited.resolve({ outcome: 'unknown', reason: 'Klaviyo cancelled the job' });
    }
    if (attributes.status !== 'complete') return;
    const hasFailed = (attributes.failed_count ?? 0) > 0;
    const errors = hasFailed && list.job.errors ? await readImportErrors(list.job.errors, id) : attributes.errors;
    // The next poll finds the job again and repeats the request.
    if (errors === 'unavailable') return;
    const listed = (errors ?? []).map(toJobError);
    const unlistedErrors = countUnlisted(attributes, countRecords(listed));
    awaited.incompletePolls += unlistedErrors > 0 ? 1 : 0;
    if (unlistedErrors > 0 && awaited.incompletePolls <= maxIncompletePolls) return;
    list.awaited.delete(id);
    awaited.resolve({ outcome: 'completed', errors: listed, unlistedErrors });
  }

  async function readImportErrors(endpoint: NonNullable<JobEndpoints['errors']>, id: string) {
    const errors: z.infer<typeof errorSchema>[] = [];
    const query = { 'page[size]': '100' };
    for await (const result of client.pages({ endpoint, id, query, lane: 'bulk', signal })) {
      const parsed = result.ok ? importErrorList.safeParse(result.body) : undefined;
      if (!result.ok && result.failure.type === 'unavailable') return 'unavailable';
      // What can't be read for good is missing from the list, as what Klaviyo does not list.
      if (!parsed?.success) break;
      errors.push(...parsed.data.data.map(({ attributes }) => attributes));
    }
    return errors;
  }

  return {
    inProgress: (job) => lists.get(job.list)?.awaited.size ?? 0,
    waitFor(job, id) {
      const list = listOf(job);
      const since = performance.now();
      const awaited: AwaitedJob = { ...Promise.withResolvers<JobResult>(), since, missedPolls: 0, incompletePolls: 0 };
      list.awaited.set(id, awaited);
      void pollUntilEnded(list);
      return awaited.promise;
    },
  };
}

/** @returns undefined when the creation times of the first and the last job do not show the list's order */
function isOldestFirst(jobs: readonly Job[]): boolean | undefined {
  const times = jobs.map(({ attributes }) => Date.parse(attributes.created_at ?? '')).filter((at) => !Number.isNaN(at));
  const [first, last] = [times[0], times.at(-1)];
  return first === undefined || last === undefined || first === last ? undefined : first < last;
}

/** @returns how many records the errors are about: a record may have several; each one that names none counts as one */
function countRecords(errors: readonly JobError[]): number {
  const names = errors.map(({ recordId, pointer, payload }, index) => {
    const position = positionOf(pointer)?.index;
    const isNamed = recordId !== undefined || position !== undefined || payload !== undefined;
    return JSON.stringify(isNamed ? [recordId, position, payload] : index);
  });
  return new Set(names).size;
}

/** @returns how many records failed without a listed error; counts that don't add up count as failures */
function countUnlisted({ total_count, completed_count, failed_count }: Job['attributes'], listed: number): number {
  const failed = failed_count ?? 0;
  const isCounted = total_count != null && completed_count != null && failed_count != null;
  // Klaviyo may count failed records as completed, so that only a sum below the total shows that some are missing.
  const missing = isCounted ? Math.max(0, total_count - completed_count - failed) : 0;
  return Math.max(0, failed - listed) + missing;
}

function cursorOf(next: string | null | undefined): string | undefined {
  // Only the query is used. The base accepts links without a host.
  const base = 'https://a.klaviyo.com';
  if (next == null || !URL.canParse(next, base)) return undefined;
  return new URL(next, base).searchParams.get('page[cursor]') ?? undefined;
}

function toJobError(error: z.infer<typeof errorSchema>): JobError {
  const { code, title, detail, source, meta, original_payload: payload } = error;
  const pointer = source?.pointer ?? undefined;
  return omitUndefined({ code, detail: detail ?? title ?? '', pointer, payload, recordId: meta?.id ?? undefined });
}
