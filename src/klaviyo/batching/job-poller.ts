/**
 * Polls bulk jobs until they end without spending the quota: lists all jobs of a kind, many a page, instead of asking for
 * each. A list may be newest first or oldest first. A look always starts at the first page, except in a list that is known
 * to be oldest first: there it starts at the page of the oldest job that goes on, so that it does not read all history.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { KlaviyoClient } from '../api/client.ts';
import { endpoints } from '../api/endpoints.ts';
import { type JobEndpoints, operations } from './operations.ts';

/** Why a record of a job was not written. */
export interface JobError {
  code: string;
  detail: string;
  /** Into the body that the job was made from, or into the record. */
  pointer?: string;
  /** The record as Klaviyo took it; only imports say it. */
  payload?: unknown;
}

export type JobResult = { known: true; errors: JobError[] } | { known: false; reason: string };

/** A job that Klaviyo has taken. */
export interface AcceptedJob {
  /** Where it is asked for. */
  endpoint: string;
  id: string;
}

/** How a job stands: ended, or not known any more; still at work; or not to be told now. */
export type JobState = 'ended' | 'going-on' | 'unknown-now';

/** Asks for a job of some other process. */
export async function stateOfJob(client: KlaviyoClient, job: AcceptedJob, signal: AbortSignal): Promise<JobState> {
  const endpoint = Object.values(operations)
    .flatMap((write) => ('job' in write ? [write.job.get] : []))
    .find((get) => get === job.endpoint);
  if (!endpoint) return 'ended';
  const answer = await client.call({ endpoint, id: job.id, lane: 'bulk', signal });
  if (!answer.ok) return answer.failure.type === 'rejected' ? 'ended' : 'unknown-now';
  const { success, data } = one.safeParse(answer.body);
  if (!success) return 'unknown-now';
  return ['complete', 'cancelled'].includes(data.data.attributes.status) ? 'ended' : 'going-on';
}

export interface JobPoller {
  /** Jobs of this kind that are followed. */
  inProgress(job: JobEndpoints): number;
  /** Resolves when the job has ended. Rejects only with what was thrown while it was polled: a bug. */
  waitFor(job: JobEndpoints, id: string): Promise<JobResult>;
}

const errorShape = z.object({
  code: z.string().catch('invalid'),
  title: z.string().nullish(),
  detail: z.string().nullish(),
  source: z.object({ pointer: z.string().nullish() }).nullish().catch(undefined),
  original_payload: z.unknown().optional(),
});
const jobShape = z.object({
  id: z.string(),
  attributes: z.object({
    status: z.string(),
    created_at: z.string().nullish(),
    failed_count: z.number().nullish(),
    errors: z.array(errorShape).nullish(),
  }),
});
type Job = z.infer<typeof jobShape>;
const one = z.object({ data: jobShape });
const page = z.object({ data: z.array(jobShape), links: z.object({ next: z.string().nullish() }).optional() });
const importErrors = z.object({ data: z.array(z.object({ attributes: errorShape })) });

const firstLookMs = 100;
/** Most pages of one look: more jobs than may be in progress, with others' between them. */
const maxPages = 20;
/** Looks that a job may be missing in, as lists lag behind, before it is asked for by itself. */
const maxMissed = 5;

interface Followed {
  end(end: JobResult): void;
  fail(thrown: unknown): void;
  missed: number;
}

interface Watch {
  job: JobEndpoints;
  followed: Map<string, Followed>;
  looking: boolean;
  /** Whether the list is known to be oldest first: by the times of any two jobs of one look. */
  oldestFirst: boolean;
  /** Only of such a list: the page to go on from. */
  cursor?: string | undefined;
}

/**
 * A page of a list, or why there is none. `now`: an outage; `from-cursor`: Klaviyo does not take the cursor of an earlier
 * look any more; `ever`: the list is refused, or has another shape.
 */
type ListPage = { jobs: Job[]; cursor: string | undefined } | { unreadable: 'now' | 'from-cursor' | 'ever' };

/** @param signal ends the following; what is not known by then is answered so */
export function createJobPoller(client: KlaviyoClient, signal: AbortSignal): JobPoller {
  const watches = new Map<JobEndpoints['list'], Watch>();

  function watchOf(job: JobEndpoints): Watch {
    const known = watches.get(job.list);
    if (known) return known;
    const fresh: Watch = { job, followed: new Map(), looking: false, oldestFirst: false };
    watches.set(job.list, fresh);
    return fresh;
  }

  /** Never rejects: an exception rejects what is followed, and the next job is watched anew. */
  async function poll(watched: Watch): Promise<void> {
    if (watched.looking) return;
    watched.looking = true;
    const longest = 300_000 / endpoints[watched.job.list].perMinute;
    const longestMs = Math.min(2_000, Math.max(1_000, longest));
    try {
      for (let waitMs = firstLookMs; watched.followed.size > 0; waitMs = Math.min(waitMs * 2, longestMs)) {
        await sleep(waitMs, undefined, { signal }).catch(() => undefined);
        if (signal.aborted) giveUp(watched);
        else await look(watched);
      }
    } catch (thrown) {
      for (const { fail } of watched.followed.values()) fail(thrown);
      watched.followed.clear();
    }
    watched.looking = false;
  }

  function giveUp({ followed }: Watch): void {
    for (const { end } of followed.values()) end({ known: false, reason: 'stopped before the job had ended' });
    followed.clear();
  }

  /** One look at the list, as far as it takes to see every job that is followed. */
  async function look(watched: Watch): Promise<void> {
    const missing = new Set(watched.followed.keys());
    const order = createOrder();
    let goOn = watched.cursor;
    let placed = false;
    let unreadable: 'now' | 'from-cursor' | 'ever' | undefined;
    for await (const page of pagesOf(watched)) {
      if ('unreadable' in page) {
        unreadable = page.unreadable;
        break;
      }
      order.add(page.jobs);
      const ours = page.jobs.filter(({ id }) => missing.delete(id));
      await Promise.all(ours.map((job) => settle(watched, job)));
      // The page of the oldest job that goes on, or the last one that was read.
      if (!placed) goOn = page.cursor;
      placed ||= ours.some(({ id }) => watched.followed.has(id));
      if (missing.size === 0) break;
    }
    watched.oldestFirst = order.oldestFirst() ?? watched.oldestFirst;
    watched.cursor = watched.oldestFirst && unreadable !== 'from-cursor' ? goOn : undefined;
    // What was not read says nothing of a job.
    if (unreadable === 'now' || unreadable === 'from-cursor') return;
    for (const id of missing) await missed(watched, id);
  }

  /** The list from where the last look left off; ends with why where it can't be read. */
  async function* pagesOf({ job, cursor: from }: Watch): AsyncGenerator<ListPage> {
    let cursor = from;
    for (let pages = 0; pages < maxPages; pages += 1) {
      const { next, ...page } = await pageAt(job, cursor);
      yield 'unreadable' in page && page.unreadable === 'ever' && pages === 0 && from !== undefined
        ? { unreadable: 'from-cursor' }
        : page;
      if (next === undefined) return;
      cursor = next;
    }
  }

  async function pageAt(
    job: JobEndpoints,
    cursor: string | undefined,
  ): Promise<ListPage & { next?: string | undefined }> {
    const query = { ...job.query, ...(cursor === undefined ? {} : { 'page[cursor]': cursor }) };
    const answer = await client.call({ endpoint: job.list, query, lane: 'bulk', signal });
    if (!answer.ok && answer.failure.type !== 'rejected') return { unreadable: 'now' };
    const parsed = answer.ok ? page.safeParse(answer.body) : undefined;
    if (!parsed?.success) return { unreadable: 'ever' };
    return { jobs: parsed.data.data, cursor, next: cursorOf(parsed.data.links?.next) };
  }

  /** Lists lag behind; a job that stays missing is asked for, and the next look starts at the first page. */
  async function missed(watched: Watch, id: string): Promise<void> {
    const followed = watched.followed.get(id);
    if (!followed) return;
    followed.missed += 1;
    if (followed.missed < maxMissed) return;
    followed.missed = 0;
    watched.cursor = undefined;
    const answer = await client.call({ endpoint: watched.job.get, id, lane: 'bulk', signal });
    const parsed = answer.ok ? one.safeParse(answer.body) : undefined;
    if (parsed?.success) return settle(watched, parsed.data.data);
    if (answer.ok || answer.failure.type !== 'rejected') return;
    watched.followed.delete(id);
    followed.end({ known: false, reason: 'Klaviyo does not know the job any more' });
  }

  async function settle(watched: Watch, { id, attributes }: Job): Promise<void> {
    const followed = watched.followed.get(id);
    if (!followed) return;
    followed.missed = 0;
    if (attributes.status === 'cancelled') {
      watched.followed.delete(id);
      return followed.end({ known: false, reason: 'Klaviyo cancelled the job' });
    }
    if (attributes.status !== 'complete') return;
    const failed = (attributes.failed_count ?? 0) > 0;
    const errors = failed && watched.job.errors ? await errorsOfImport(watched.job.errors, id) : attributes.errors;
    // Not to be read now: the next look finds the job again.
    if (errors === 'unknown') return;
    watched.followed.delete(id);
    followed.end({ known: true, errors: (errors ?? []).map(toJobError) });
  }

  async function errorsOfImport(endpoint: NonNullable<JobEndpoints['errors']>, id: string) {
    const errors: z.infer<typeof errorShape>[] = [];
    const query = { 'page[size]': '100' };
    for await (const answer of client.pages({ endpoint, id, query, lane: 'bulk', signal })) {
      const parsed = answer.ok ? importErrors.safeParse(answer.body) : undefined;
      if (!parsed?.success) return 'unknown';
      errors.push(...parsed.data.data.map(({ attributes }) => attributes));
    }
    return errors;
  }

  return {
    inProgress: (job) => watches.get(job.list)?.followed.size ?? 0,
    waitFor(job, id) {
      const watched = watchOf(job);
      const ended = Promise.withResolvers<JobResult>();
      watched.followed.set(id, { end: ended.resolve, fail: ended.reject, missed: 0 });
      void poll(watched);
      return ended.promise;
    },
  };
}

/** Collects the jobs of one look in their order. @returns undefined where their times don't tell it */
function createOrder() {
  let first: number | undefined;
  let last: number | undefined;
  return {
    add(jobs: readonly Job[]): void {
      for (const { attributes } of jobs) {
        const at = Date.parse(attributes.created_at ?? '');
        if (Number.isNaN(at)) continue;
        first ??= at;
        last = at;
      }
    },
    oldestFirst: () => (first === undefined || last === undefined || first === last ? undefined : first < last),
  };
}

function cursorOf(next: string | null | undefined): string | undefined {
  // Only the query counts, so a link without a host is as good.
  const base = 'https://a.klaviyo.com';
  if (next == null || !URL.canParse(next, base)) return undefined;
  return new URL(next, base).searchParams.get('page[cursor]') ?? undefined;
}

function toJobError({ code, title, detail, source, original_payload: payload }: z.infer<typeof errorShape>): JobError {
  const pointer = source?.pointer;
  return {
    code,
    detail: detail ?? title ?? '',
    ...(pointer == null ? {} : { pointer }),
    ...(payload === undefined ? {} : { payload }),
  };
}
