/** Works off one run: page by page through the same rules as realtime; nothing is passed over that could not be sent. */
import type { CommercetoolsClient } from '../commercetools/client.ts';
import { ReadFailure } from '../commercetools/errors.ts';
import type { Look } from '../commercetools/look.ts';
import { type Page, type Walk, walk } from '../commercetools/reader.ts';
import type { Receipt } from '../klaviyo/change.ts';
import type { Listing } from '../klaviyo/listing.ts';
import type { Sink } from '../klaviyo/sink.ts';
import type { Cause, RuleFamily, Told } from '../rules/rule.ts';
import type { RuleSettings } from '../rules/settings.ts';
import { deleteAll } from './delete-all.ts';
import type { Deliver, Delivered } from './deliver.ts';
import { createFaultWatch, type FaultWatch } from './fault-watch.ts';
import { createPause, RunFailed } from './pause.ts';
import { countReason, type Run } from './run.ts';

export interface BulkParts {
  families: readonly RuleFamily[];
  settings: RuleSettings;
  client: CommercetoolsClient;
  look: Look;
  deliver: Deliver;
  sink: Sink;
  listing: Listing;
  nextRead(): number;
  now(): Date;
  pageSize: number;
}

export interface BulkRun {
  /** Counted and moved on as it goes. */
  run: Run;
  /** Stop: what is in flight finishes, nothing new begins. */
  signal: AbortSignal;
  /** The run changed; cheap to call. */
  moved(): void;
}

/** Records that are sent together. */
const mostInGroup = 50;

/** @throws RunFailed; rejects with the signal's reason when it is stopped */
export async function runBulk(parts: BulkParts, work: BulkRun): Promise<void> {
  if (work.run.request.deleteAll) return deleteAll(parts, work);
  const names = new Set(
    parts.families.flatMap((family) =>
      family.rules.filter(({ bulk }) => bulk === work.run.resource).map(({ name }) => name),
    ),
  );
  const faults = createFaultWatch();
  for await (const page of pagesOf(parts, work)) {
    work.signal.throwIfAborted();
    countRead(work.run, page);
    work.moved();
    await sendPage(parts, { ...work, names, faults }, page);
    if (page.last !== undefined) work.run.checkpoint = page.last;
    work.moved();
  }
}

/** A page, and the count taken before it was read. */
interface ReadPage extends Page {
  readAt: number;
}

/** The walk, begun again behind the last page when commercetools could not answer. */
async function* pagesOf({ client, pageSize, nextRead }: BulkParts, work: BulkRun): AsyncGenerator<ReadPage> {
  const { resource, request } = work.run;
  const pause = createPause(work);
  let done = 0;
  const ids = request.ids;
  for (;;) {
    const want: Walk = {
      resource,
      pageSize,
      ...(ids ? { ids: ids.slice(done) } : {}),
      ...(request.where === undefined ? {} : { where: request.where }),
      ...(request.startId === undefined ? {} : { from: request.startId }),
      ...(work.run.checkpoint === undefined ? {} : { after: work.run.checkpoint }),
    };
    try {
      const pages = walk(client, want);
      for (;;) {
        const readAt = nextRead();
        const next = await pages.next();
        if (next.done) return;
        pause.over();
        yield { ...next.value, readAt };
        done += next.value.asked ?? 0;
      }
    } catch (thrown) {
      await pause.orFail(thrown);
    }
  }
}

interface PageWork extends BulkRun {
  names: ReadonlySet<string>;
  faults: FaultWatch;
}

/** Sends a page; what is unavailable is read and sent again, until it is through. */
async function sendPage(parts: BulkParts, work: PageWork, page: ReadPage): Promise<void> {
  const pause = createPause(work);
  let left: Pick<ReadPage, 'records' | 'readAt'> = page;
  for (;;) {
    work.signal.throwIfAborted();
    const tried = await tryPage(parts, work, left);
    if (tried.again.length === 0) break;
    await pause.wait(tried.problem, tried.retryAfterMs);
    left = await readAgain(parts, work, tried.again);
  }
  pause.over();
}

/** As they are by now: what was read before the pause may be old. */
async function readAgain(
  { client, nextRead }: BulkParts,
  work: PageWork,
  ids: readonly string[],
): Promise<Pick<ReadPage, 'records' | 'readAt'>> {
  const pause = createPause(work);
  for (;;) {
    const readAt = nextRead();
    try {
      const pages = await Array.fromAsync(walk(client, { resource: work.run.resource, ids }));
      const records = pages.flatMap((page) => page.records);
      countMissing(work.run, ids.length - records.length);
      return { records, readAt };
    } catch (thrown) {
      await pause.orFail(thrown);
    }
  }
}

interface Tried {
  /** Ids of the records that could not be sent now, and why. */
  again: readonly string[];
  problem: string;
  retryAfterMs?: number;
}

/** Gathers and writes the whole page, so that its look-ups share queries; sends it in groups, so that progress shows. */
async function tryPage(
  parts: BulkParts,
  work: PageWork,
  { records, readAt }: Pick<ReadPage, 'records' | 'readAt'>,
): Promise<Tried> {
  const cause: Cause = { kind: 'run', runId: work.run.id, backfill: work.run.request.backfill ?? true };
  const reading = { look: parts.look, cause, at: parts.now(), settings: parts.settings };
  const told: Told[] = [];
  try {
    for (const family of parts.families.filter(({ rules }) => rules.some(({ name }) => work.names.has(name)))) {
      told.push(...(await family.tellRecords(records, work.names, reading)));
    }
  } catch (thrown) {
    if (!(thrown instanceof ReadFailure)) throw thrown;
    if (thrown.kind === 'refused') throw new RunFailed(thrown.message);
    return { again: records.map(idOf), problem: thrown.message, ...waitOf(thrown) };
  }
  const again: string[] = [];
  const problems: Extract<Receipt, { outcome: 'unavailable' }>[] = [];
  for (const group of groupsOf(told)) {
    work.signal.throwIfAborted();
    const results = await parts.deliver(group, { cause, readAt, lane: 'bulk', signal: work.signal, failures: 'keep' });
    for (const result of results) {
      const unavailable = result.receipts.find((receipt) => receipt.outcome === 'unavailable');
      if (unavailable) {
        again.push(result.record.id);
        problems.push(unavailable);
      } else {
        count(work.run, result);
        work.faults.note(result.failures.length > 0);
      }
    }
    work.moved();
  }
  const waits = problems.map(({ retryAfterMs = 0 }) => retryAfterMs);
  return { again, problem: problems.at(-1)?.reason ?? '', retryAfterMs: Math.max(0, ...waits) };
}

function waitOf({ retryAfterMs }: ReadFailure): { retryAfterMs?: number } {
  return retryAfterMs === undefined ? {} : { retryAfterMs };
}

/** What was told of up to `mostInGroup` records at a time; all of one record in one group. */
function groupsOf(told: readonly Told[]): Told[][] {
  const byRecord = Map.groupBy(told, ({ record }) => record.id);
  const records = [...byRecord.values()];
  return Array.from({ length: Math.ceil(records.length / mostInGroup) }, (_, index) =>
    records.slice(index * mostInGroup, (index + 1) * mostInGroup).flat(),
  );
}

function countRead(run: Run, { records, asked = records.length }: Page): void {
  const { counts } = run;
  counts.read += asked;
  countMissing(run, asked - records.length);
}

/** Ids that were asked for and are not there (any more). */
function countMissing({ counts }: Run, missing: number): void {
  counts.skipped += missing;
  for (let n = 0; n < missing; n += 1) countReason(counts, 'no record with this id');
}

function count({ counts }: Run, { receipts, skips, kept, failures }: Delivered): void {
  const taken = receipts.filter(({ outcome }) => outcome === 'delivered').length;
  counts.changes += taken;
  if (kept.length > 0 || failures.length > 0) {
    counts.rejected += 1;
    for (const reason of new Set(kept)) countReason(counts, reason);
  } else if (taken > 0) counts.delivered += 1;
  else {
    counts.skipped += 1;
    const reasons = receipts.flatMap((receipt) => (receipt.outcome === 'skipped' ? [receipt.reason] : []));
    for (const reason of new Set([...skips, ...reasons])) countReason(counts, reason);
  }
}

function idOf(record: unknown): string {
  return typeof record === 'object' && record !== null && 'id' in record ? String(record.id) : '?';
}
