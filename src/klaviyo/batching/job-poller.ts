/**
 * Follows bulk jobs to their end without spending the quota: all of a kind are listed together, many a page, instead of
 * asking for each. Lists come in either order: newest first, their beginning is enough; oldest first, it goes on where
 * the oldest job that is followed was found.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { KlaviyoClient } from '../api/client.ts';
import { endpoints } from '../api/endpoints.ts';
import { type JobEndpoints, writes } from './operations.ts';

/** Why a record of a job was not written. */
export interface JobError {
  code: string;
  detail: string;
  /** Into the body that the job was made from, or into the record. */
  pointer?: string;
  /** The record as Klaviyo took it; only imports say it. */
  payload?: unknown;
}

export type JobEnd = { known: true; errors: JobError[] } | { known: false; reason: string };

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
  const endpoint = Object.values(writes)
    .flatMap((write) => ('job' in write ? [write.job.get] : []))
    .find((get) => get === job.endpoint);
  if (!endpoint) return 'ended';
  const answer = await client.call({ endpoint, id: job.id, lane: 'bulk', signal });
  if (!answer.ok) return answer.failure.kind === 'refused' ? 'ended' : 'unknown-now';
  const { success, data } = one.safeParse(answer.body);
  if (!success) return 'unknown-now';
  return ['complete', 'cancelled'].includes(data.data.attributes.status) ? 'ended' : 'going-on';
}

export interface Jobs {
  /** Jobs of this kind that are followed. */
  inProgress(job: JobEndpoints): number;
  /** Resolves when the job has ended; never rejects. */
  follow(job: JobEndpoints, id: string): Promise<JobEnd>;
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
const mostPages = 20;
/** Looks that a job may be missing in, as lists lag behind, before it is asked for by itself. */
const mostMissed = 5;

interface Followed {
  end(end: JobEnd): void;
  missed: number;
}

interface Watch {
  job: JobEndpoints;
  followed: Map<string, Followed>;
  looking: boolean;
  /** Of a list that is oldest first: the page to go on from. */
  cursor?: string | undefined;
}

/** @param signal ends the following; what is not known by then is answered so */
export function createJobs(client: KlaviyoClient, signal: AbortSignal): Jobs {
  const watches = new Map<JobEndpoints['list'], Watch>();

  function watchOf(job: JobEndpoints): Watch {
    const known = watches.get(job.list);
    if (known) return known;
    const fresh: Watch = { job, followed: new Map(), looking: false };
    watches.set(job.list, fresh);
    return fresh;
  }

  async function watch(watched: Watch): Promise<void> {
    if (watched.looking) return;
    watched.looking = true;
    const longest = 300_000 / endpoints[watched.job.list].perMinute;
    const longestMs = Math.min(2_000, Math.max(1_000, longest));
    for (let waitMs = firstLookMs; watched.followed.size > 0; waitMs = Math.min(waitMs * 2, longestMs)) {
      await sleep(waitMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) giveUp(watched);
      else await look(watched);
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
    let goOn: string | undefined;
    let placed = false;
    for await (const page of pagesOf(watched)) {
      const ours = page.jobs.filter(({ id }) => missing.delete(id));
      await Promise.all(ours.map((job) => settle(watched, job)));
      if (isNewestFirst(page.jobs)) {
        if (missing.size === 0) break;
        continue;
      }
      // Oldest first: the next look begins at the page of the oldest job that goes on, or at the last page.
      if (!placed) goOn = page.cursor;
      placed ||= ours.some(({ id }) => watched.followed.has(id));
    }
    watched.cursor = goOn;
    for (const id of missing) await missed(watched, id);
  }

  /** The list from where the last look left off; ends early where it can't be read now. */
  async function* pagesOf({ job, cursor: from }: Watch): AsyncGenerator<{ jobs: Job[]; cursor: string | undefined }> {
    let cursor = from;
    for (let pages = 0; pages < mostPages; pages += 1) {
      const query = { ...job.query, ...(cursor === undefined ? {} : { 'page[cursor]': cursor }) };
      const answer = await client.call({ endpoint: job.list, query, lane: 'bulk', signal });
      const parsed = answer.ok ? page.safeParse(answer.body) : undefined;
      if (!parsed?.success) return;
      yield { jobs: parsed.data.data, cursor };
      const next = parsed.data.links?.next;
      cursor = next && URL.canParse(next) ? (new URL(next).searchParams.get('page[cursor]') ?? undefined) : undefined;
      if (cursor === undefined) return;
    }
  }

  /** Lists lag behind; a job that stays missing is asked for. */
  async function missed(watched: Watch, id: string): Promise<void> {
    const followed = watched.followed.get(id);
    if (!followed) return;
    followed.missed += 1;
    if (followed.missed < mostMissed) return;
    followed.missed = 0;
    const answer = await client.call({ endpoint: watched.job.get, id, lane: 'bulk', signal });
    const parsed = answer.ok ? one.safeParse(answer.body) : undefined;
    if (parsed?.success) return settle(watched, parsed.data.data);
    if (answer.ok || answer.failure.kind !== 'refused') return;
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
    follow(job, id) {
      const watched = watchOf(job);
      const ended = Promise.withResolvers<JobEnd>();
      watched.followed.set(id, { end: ended.resolve, missed: 0 });
      void watch(watched);
      return ended.promise;
    },
  };
}

function isNewestFirst(jobs: readonly Job[]): boolean {
  const [first, last] = [jobs[0]?.attributes.created_at, jobs.at(-1)?.attributes.created_at];
  return first != null && last != null && Date.parse(first) > Date.parse(last);
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
