/**
 * Works off one run: its ranges of ids side by side, then what changed meanwhile; through the same rules as realtime. A
 * run since a time has no ranges: it begins with what changed.
 * Reading goes on while what was read is sent, as far as the sink has room; nothing is passed over that could not be sent.
 */
import type { Page, PageQuery } from '../../commercetools/pagination.ts';
import type { BulkResource } from '../../commercetools/schemas.ts';
import type { CatalogListing } from '../../klaviyo/listing.ts';
import { createSemaphore, type Semaphore } from '../../lib/semaphore.ts';
import { type Checkpoint, createCompletionTracker, newCheckpoint, type Pass, type Range } from '../runs/checkpoint.ts';
import type { Run } from '../runs/run.ts';
import { countMissing, emptyCounts } from '../runs/run-counts.ts';
import { deleteAll } from './delete-all.ts';
import { pagesOf, prefetch, type ReadPage } from './page-reader.ts';
import { createPageSender, type PageSender, type PageSenderDeps } from './page-sender.ts';

export interface BulkDeps extends PageSenderDeps {
  listing: CatalogListing;
  pageSize: Record<BulkResource, number>;
  /** How many ranges of ids are walked side by side. */
  ranges: number;
}

export interface BulkRun {
  /** Counted and moved on as it goes. */
  run: Run;
  /** Stop: what is in flight finishes, nothing new begins. */
  signal: AbortSignal;
  /** The run changed; cheap to call. */
  markDirty(): void;
}

const minuteMs = 60_000;

/** @throws RunFailed; rejects with the signal's reason when it is stopped */
export async function runBulk(parts: BulkDeps, asked: BulkRun): Promise<void> {
  if (asked.run.request.deleteAll) return deleteAll(parts, asked);
  // What one range runs into ends all of them.
  const failed = new AbortController();
  const work = { ...asked, signal: AbortSignal.any([asked.signal, failed.signal]) };
  const checkpoint = begin(parts, work.run);
  const sender = createPageSender(parts, work);
  const permits = createSemaphore(Math.max(checkpoint.ranges.length, 1) + 1);
  const walking: Walking = { parts, work, sender, checkpoint, permits };
  const walks = checkpoint.ranges.map((range) =>
    walkRange(walking, range).catch((thrown: unknown) => {
      failed.abort(thrown);
      throw thrown;
    }),
  );
  const ended = await Promise.allSettled(walks);
  const first = ended.find((one) => one.status === 'rejected');
  if (first) throw failed.signal.aborted && !asked.signal.aborted ? failed.signal.reason : first.reason;
  if (catchesUp(work.run)) await catchUp(walking);
}

interface Walking {
  parts: BulkDeps;
  work: BulkRun;
  sender: PageSender;
  checkpoint: Checkpoint;
  permits: Semaphore;
}

/** Where the run was left, or its beginning. */
function begin({ now, ranges }: BulkDeps, run: Run): Checkpoint {
  const { ids, startId, where, since } = run.request;
  const began = now().toISOString();
  const few = ids !== undefined || where !== undefined;
  run.checkpoint ??=
    since === undefined
      ? newCheckpoint({ began, ranges: few ? 1 : ranges, from: startId })
      : { began, ranges: [], pass: passOf(since, began), counts: emptyCounts() };
  run.counts = structuredClone(run.checkpoint.counts);
  return run.checkpoint;
}

/** Ids are random: what is created behind a range's position is found by its change. */
function catchesUp({ kind, request: { ids, startId } }: Run): boolean {
  return kind === 'sync' && ids === undefined && startId === undefined;
}

async function walkRange(walking: Walking, range: Range): Promise<void> {
  if (range.done) return;
  const { ids } = walking.work.run.request;
  const wanted = ids ? { ids: ids.slice(range.taken ?? 0) } : { from: range.from, to: range.to, after: range.last };
  await walkPages(walking, wanted, ({ last, requested: asked }) => {
    if (last) range.last = last.id;
    else range.taken = (range.taken ?? 0) + asked;
  });
  range.done = true;
  walking.work.markDirty();
}

/** In passes, each up to its own beginning, until one ends less than a minute behind it. */
async function catchUp(walking: Walking): Promise<void> {
  const { checkpoint, parts, work } = walking;
  const now = () => parts.now().toISOString();
  for (let pass = checkpoint.pass ?? passOf(checkpoint.began, now()); ; pass = passOf(pass.until, now())) {
    checkpoint.pass = pass;
    work.markDirty();
    const at = pass;
    // The first pass of a run since a time is what was asked for.
    const isAsked = work.run.request.since !== undefined && pass.until === checkpoint.began;
    await walkPages(walking, pass, ({ last, requested: asked }, counts) => {
      if (!isAsked) counts.caughtUp += asked;
      if (last) at.at = last;
    });
    if (parts.now().getTime() - Date.parse(pass.until) < minuteMs) return;
  }
}

/** From a minute before: clocks differ, and a change may show a little later than it says. */
function passOf(time: string, until: string): Pass {
  return { since: new Date(Date.parse(time) - minuteMs).toISOString(), until };
}

/** Sends every page of a walk; `reached`: every receipt up to this page is in. */
async function walkPages(
  { parts, work, sender, checkpoint, permits }: Walking,
  wanted: PageQuery,
  reached: (page: Page, counts: Checkpoint['counts']) => void,
): Promise<void> {
  const { resource, request } = work.run;
  const where = request.where === undefined ? {} : { where: request.where };
  const trail = createCompletionTracker(checkpoint.counts);
  const sending = new Set<Promise<void>>();
  const troubled = new AbortController();
  const own = { ...work, signal: AbortSignal.any([work.signal, troubled.signal]) };
  async function send(page: ReadPage): Promise<void> {
    const place = trail.begin((counts) => reached(page, counts));
    note(work.run, page, place.counts);
    await sender.send(page, place.counts);
    place.done();
    work.markDirty();
  }
  try {
    for await (const page of prefetch(
      pagesOf({ ...parts, permits }, own, {
        resource,
        query: wanted,
        ...where,
        pageSize: parts.pageSize[resource],
      }),
    )) {
      await sender.ready(own.signal);
      const one = send(page).catch((thrown: unknown) => troubled.abort(thrown));
      sending.add(one);
      void one.finally(() => sending.delete(one));
    }
  } finally {
    // Whatever ended the walk: what is in flight finishes, so that the checkpoint knows of it.
    await Promise.all(sending);
  }
  own.signal.throwIfAborted();
}

function note(run: Run, { requested: asked, missing }: Page, counts: Run['counts']): void {
  for (const each of [run.counts, counts]) {
    each.read += asked;
    countMissing(each, missing);
  }
}
