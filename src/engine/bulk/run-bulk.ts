/**
 * Executes a bulk run: read → evaluate → send. Ranges of ids are read concurrently (page-reader.ts), each page is
 * evaluated and sent (page-sender.ts), then passes catch up with records that changed meanwhile. A run with `since` has no
 * ranges and starts with such a pass. A checkpoint moves only past pages whose records are all settled.
 */
import { acceptsInventedIds, type Page, type PageQuery } from '../../commercetools/pagination.ts';
import type { ServerClock } from '../../commercetools/server-clock.ts';
import { createCompletionTracker } from '../../lib/completion-tracker.ts';
import { omitUndefined } from '../../lib/omit-undefined.ts';
import { createSemaphore } from '../../lib/semaphore.ts';
import { inSpan } from '../../telemetry/span.ts';
import { type Checkpoint, newCheckpoint, type Pass, type Range } from '../runs/checkpoint.ts';
import type { Run } from '../runs/run.ts';
import { addCounts, countMissing, emptyCounts, type RunCounts } from '../runs/run-counts.ts';
import type { RunExecution } from '../runs/run-worker.ts';
import { deleteAll } from './delete-all.ts';
import { maxPagesInHand } from './limits.ts';
import { prefetch, type ReadPage, readPages } from './page-reader.ts';
import { createPageSender } from './page-sender.ts';
import { untilAvailable } from './run-pause.ts';
import type { BulkDeps } from './types.ts';

/** A change may become visible later than its timestamp says. Records that are read twice are written twice, to the same effect. */
const overlapMs = 5 * 60_000;
/** A pass that took no longer was the last one. */
const lastPassMs = 60_000;

/** Rejects with RunFailed, or with the signal's reason once that is aborted. */
export async function runBulk(deps: BulkDeps, execution: RunExecution): Promise<void> {
  if (execution.run.request.deleteAll) return deleteAll(deps, execution);
  const { run } = execution;
  const checkpoint = await resumeOrStart(deps, execution);
  // The failure of one page or range ends the others, also those that wait for an API.
  const failure = new AbortController();
  const work = { ...execution, signal: AbortSignal.any([execution.signal, failure.signal]) };
  const pages = createPagePipeline(deps, work, { checkpoint, fail: (reason) => failure.abort(reason) });
  const ranges = checkpoint.ranges.map((range) =>
    readRange(pages, work, range).catch((thrown: unknown) => {
      failure.abort(thrown);
      throw thrown;
    }),
  );
  const rejected = (await Promise.allSettled(ranges)).find(({ status }) => status === 'rejected');
  if (rejected?.status === 'rejected')
    throw failure.signal.aborted && !execution.signal.aborted ? failure.signal.reason : rejected.reason;
  if (catchesUp(run)) await catchUp(pages, work, { checkpoint, clock: deps.clock });
}

async function resumeOrStart(deps: BulkDeps, execution: RunExecution): Promise<Checkpoint> {
  const { run } = execution;
  const { client, clock } = deps;
  const { since } = run.request;
  if (!clock.isSet()) await untilAvailable(execution, () => client.get(run.resource, { limit: 1, withTotal: false }));
  const isFromFuture = run.checkpoint && Date.parse(run.checkpoint.began) > clock.latest().getTime() + overlapMs;
  // A process with a wrong clock stored it: changes since the true time would be missed.
  if (isFromFuture) delete run.checkpoint;
  const began = clock.earliest().toISOString();
  run.checkpoint ??=
    since === undefined
      ? await planRanges(deps, execution, began)
      : { began, ranges: [], pass: passFrom(since, clock.latest()), counts: emptyCounts() };
  run.counts = structuredClone(run.checkpoint.counts);
  return run.checkpoint;
}

/** Several ranges need ids as bounds that no record has. Where the API refuses such an id, one range reads everything. */
async function planRanges({ client, ranges }: BulkDeps, execution: RunExecution, began: string): Promise<Checkpoint> {
  const { resource, request } = execution.run;
  const isSmall = request.ids !== undefined || request.where !== undefined;
  const plan = newCheckpoint({ began, ranges: isSmall ? 1 : ranges, from: request.startId });
  const bound = plan.ranges.length > 1 ? plan.ranges[0]?.to : undefined;
  if (bound === undefined) return plan;
  const isAccepted = await untilAvailable(execution, () => acceptsInventedIds(client, resource, bound));
  return isAccepted ? plan : newCheckpoint({ began, ranges: 1 });
}

/** Ids are random UUIDs: a record created below a range's position is found by its modification time. */
function catchesUp({ kind, request: { ids, startId } }: Run): boolean {
  return kind === 'sync' && ids === undefined && startId === undefined;
}

interface PagesToProcess {
  query: PageQuery;
  /** Moves the checkpoint past the page. */
  onSettled(page: Page): void;
  /** Counts the records as changed during the run. */
  isCatchUp?: boolean;
}
type ProcessPages = (pages: PagesToProcess) => Promise<void>;

async function readRange(processPages: ProcessPages, { run, markDirty }: RunExecution, range: Range): Promise<void> {
  if (range.done) return;
  const { ids } = run.request;
  const query = ids ? { ids: ids.slice(range.taken ?? 0) } : { from: range.from, to: range.to, after: range.last };
  await processPages({
    query,
    onSettled({ last, requested }) {
      if (last) range.last = last.id;
      else range.taken = (range.taken ?? 0) + requested;
    },
  });
  range.done = true;
  markDirty();
}

/** Each pass ends at the time it started; the next one begins there, until a pass is short enough. */
async function catchUp(
  processPages: ProcessPages,
  { run, markDirty }: RunExecution,
  { checkpoint, clock }: { checkpoint: Checkpoint; clock: ServerClock },
): Promise<void> {
  const { since } = run.request;
  const requested = since === undefined ? undefined : overlapping(since);
  const passAfter = (time: string) => passFrom(time, clock.latest());
  let previousMs = Number.POSITIVE_INFINITY;
  for (let pass = checkpoint.pass ?? passAfter(checkpoint.began); ; pass = passAfter(pass.until)) {
    checkpoint.pass = pass;
    markDirty();
    const current = pass;
    // The first pass of a run with `since` reads what was requested.
    const isRequested = pass.since === requested;
    await processPages({
      query: pass,
      isCatchUp: !isRequested,
      onSettled({ last }) {
        if (last) current.at = last;
      },
    });
    const tookMs = clock.latest().getTime() - Date.parse(pass.until);
    if (isLastPass(tookMs, previousMs)) return;
    previousMs = tookMs;
  }
}

/**
 * A pass that takes no less time than the one before takes as long as Klaviyo's jobs do, and would be followed by others like
 * it for as long as records change.
 */
export function isLastPass(tookMs: number, previousMs: number): boolean {
  return tookMs < lastPassMs || tookMs >= previousMs;
}

function passFrom(time: string, until: Date): Pass {
  return { since: overlapping(time), until: until.toISOString() };
}

function overlapping(time: string): string {
  return new Date(Date.parse(time) - overlapMs).toISOString();
}

/**
 * @param fail aborts the execution's signal
 * @returns a function that reads, evaluates and sends all pages of a query, and adds their counts to the run
 */
function createPagePipeline(
  deps: BulkDeps,
  execution: RunExecution,
  { checkpoint, fail }: { checkpoint: Checkpoint; fail(reason: unknown): void },
): ProcessPages {
  const { run, markDirty, signal } = execution;
  const sender = createPageSender(deps, execution);
  const pagesInHand = createSemaphore(maxPagesInHand(checkpoint.ranges.length));

  return async ({ query, onSettled, isCatchUp = false }) => {
    const tracker = createCompletionTracker();
    const { resource, request } = run;
    const iteration = omitUndefined({ resource, query, pageSize: deps.pageSize[resource], where: request.where });

    /** Evaluates and sends one page. The only place where counts are added. */
    async function processPage(page: ReadPage): Promise<void> {
      const pageCounts = emptyCounts();
      const tracked = tracker.begin(() => {
        onSettled(page);
        addCounts(checkpoint.counts, pageCounts);
      });
      const add = (counts: RunCounts) => {
        addCounts(run.counts, counts);
        addCounts(pageCounts, counts);
        markDirty();
      };
      add(readCounts(page, isCatchUp));
      for await (const counts of sender.send(page)) add(counts);
      tracked.done();
      markDirty();
    }

    const sending = new Set<Promise<void>>();
    try {
      for await (const page of prefetch(readPages({ ...deps, pagesInHand }, execution, iteration))) {
        await sender.waitForCapacity(signal);
        const attributes = { 'ctk.run.id': run.id, 'ctk.run.resource': resource, 'ctk.records': page.records.length };
        const sent = inSpan('run page', attributes, () => processPage(page))
          .catch(fail)
          .finally(() => sending.delete(sent));
        sending.add(sent);
      }
    } catch (thrown) {
      fail(thrown);
      throw thrown;
    } finally {
      // What is in flight completes in any case, so that the checkpoint includes it.
      await Promise.all(sending);
    }
    signal.throwIfAborted();
  };
}

function readCounts({ requested, missing }: Page, isCatchUp: boolean): RunCounts {
  const counts = { ...emptyCounts(), read: requested, caughtUp: isCatchUp ? requested : 0 };
  countMissing(counts, missing);
  return counts;
}
