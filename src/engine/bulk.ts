/** Works off one run: page by page through the same rules as realtime; nothing is passed over that could not be sent. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { CommercetoolsClient } from '../commercetools/client.ts';
import { ReadFailure } from '../commercetools/errors.ts';
import type { Look } from '../commercetools/look.ts';
import { type Page, type Walk, walk } from '../commercetools/reader.ts';
import type { GoneChange, Receipt, Stamped } from '../klaviyo/change.ts';
import type { Listing } from '../klaviyo/listing.ts';
import type { Sink } from '../klaviyo/sink.ts';
import type { Cause, RuleFamily, Told } from '../rules/rule.ts';
import type { RuleSettings } from '../rules/settings.ts';
import type { Deliver, Delivered } from './deliver.ts';
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

/** The run can't go on: our own fault too often. */
export class RunFailed extends Error {
  override name = 'RunFailed';
}

/** Records that are sent together. */
const mostInGroup = 50;
const firstPauseMs = 1_000;
const longestPauseMs = 60_000;
/** A run fails when 1 % of the last 1,000 records or 20 in a row fail by our own fault (design, verdict table). */
const mostInRow = 20;
const lately = 1_000;
const mostLately = 10;

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

/** The walk, begun again behind the last page when commercetools could not answer. */
async function* pagesOf({ client, pageSize }: BulkParts, work: BulkRun): AsyncGenerator<Page> {
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
      for await (const page of walk(client, want)) {
        pause.over();
        yield page;
        done += page.asked ?? 0;
      }
      return;
    } catch (thrown) {
      if (!(thrown instanceof ReadFailure)) throw thrown;
      if (thrown.kind === 'refused') throw new RunFailed(thrown.message);
      await pause.wait(thrown.message, thrown.retryAfterMs);
    }
  }
}

interface PageWork extends BulkRun {
  names: ReadonlySet<string>;
  faults: FaultWatch;
}

/** Sends a page; what is unavailable is read and sent again, until it is through. */
async function sendPage(parts: BulkParts, work: PageWork, page: Page): Promise<void> {
  const pause = createPause(work);
  let records: readonly unknown[] = page.records;
  while (records.length > 0) {
    work.signal.throwIfAborted();
    const tried = await tryPage(parts, work, records);
    if ('failure' in tried) {
      await pause.wait(tried.failure.message, tried.failure.retryAfterMs);
      continue;
    }
    records = records.filter((record) => tried.again.has(idOf(record)));
    if (records.length > 0) await pause.wait(tried.problem);
  }
  pause.over();
}

interface Tried {
  /** Ids of the records that Klaviyo could not take now, and why. */
  again: ReadonlySet<string>;
  problem: string;
}

/** Gathers and writes the whole page, so that its look-ups share queries; sends it in groups, so that progress shows. */
async function tryPage(
  parts: BulkParts,
  work: PageWork,
  records: readonly unknown[],
): Promise<Tried | { failure: ReadFailure }> {
  const cause: Cause = { kind: 'run', runId: work.run.id, backfill: work.run.request.backfill ?? true };
  const readAt = parts.nextRead();
  const reading = { look: parts.look, cause, at: parts.now(), settings: parts.settings };
  const told: Told[] = [];
  try {
    for (const family of parts.families.filter(({ rules }) => rules.some(({ name }) => work.names.has(name)))) {
      told.push(...(await family.tellRecords(records, work.names, reading)));
    }
  } catch (thrown) {
    if (thrown instanceof ReadFailure) return { failure: thrown };
    throw thrown;
  }
  const again = new Set<string>();
  let problem = '';
  for (const group of groupsOf(told)) {
    work.signal.throwIfAborted();
    const results = await parts.deliver(group, { cause, readAt, lane: 'bulk', signal: work.signal, failures: 'keep' });
    for (const result of results) {
      const unavailable = result.receipts.find((receipt) => receipt.outcome === 'unavailable');
      if (unavailable) {
        again.add(result.record.id);
        problem = unavailable.reason;
      } else {
        count(work.run, result);
        work.faults.note(result.failures.length > 0);
      }
    }
    work.moved();
  }
  return { again, problem };
}

/** What was told of up to `mostInGroup` records at a time; all of one record in one group. */
function groupsOf(told: readonly Told[]): Told[][] {
  const byRecord = Map.groupBy(told, ({ record }) => record.id);
  const records = [...byRecord.values()];
  return Array.from({ length: Math.ceil(records.length / mostInGroup) }, (_, index) =>
    records.slice(index * mostInGroup, (index + 1) * mostInGroup).flat(),
  );
}

function countRead({ counts }: Run, { records, asked = records.length }: Page): void {
  counts.read += asked;
  const missing = asked - records.length;
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

/** Everything of the resource that Klaviyo holds, also what came from elsewhere. */
async function deleteAll(parts: BulkParts, work: BulkRun): Promise<void> {
  const what: GoneChange['what'] = work.run.resource === 'categories' ? 'category' : 'item';
  const pause = createPause(work);
  for (;;) {
    work.signal.throwIfAborted();
    const listed = await parts.listing.firstIds(what, work.signal);
    if ('failure' in listed) {
      await pause.wait(listed.failure);
      continue;
    }
    if (listed.ids.length === 0) return;
    const readAt = parts.nextRead();
    const gone = listed.ids.map((externalId): Stamped => ({ kind: 'gone', what, externalId, readAt }));
    const receipts = await parts.sink.send(gone, { lane: 'bulk', signal: work.signal });
    const progress = countDeleted(work.run, receipts);
    work.moved();
    if (progress.problem !== undefined) await pause.wait(progress.problem);
    else if (progress.deleted === 0)
      throw new RunFailed(`Klaviyo refuses to delete what is left of its ${work.run.resource}`);
  }
}

function countDeleted({ counts }: Run, receipts: readonly Receipt[]): { deleted: number; problem?: string } {
  const deleted = receipts.filter(({ outcome }) => outcome === 'delivered').length;
  counts.read += deleted;
  counts.delivered += deleted;
  counts.changes += deleted;
  const unavailable = receipts.find((receipt) => receipt.outcome === 'unavailable');
  return { deleted, ...(unavailable ? { problem: unavailable.reason } : {}) };
}

/** The run waits, says for what, and goes on by itself; longer each time. */
function createPause({ run, signal, moved }: BulkRun) {
  let nextMs = firstPauseMs;
  return {
    async wait(problem: string, retryAfterMs = 0): Promise<void> {
      signal.throwIfAborted();
      run.state = 'waiting';
      run.problem = problem;
      moved();
      await sleep(Math.max(nextMs, retryAfterMs), undefined, { signal });
      nextMs = Math.min(nextMs * 2, longestPauseMs);
      run.state = 'running';
    },
    over(): void {
      nextMs = firstPauseMs;
      delete run.problem;
    },
  };
}

interface FaultWatch {
  note(failed: boolean): void;
}

function createFaultWatch(): FaultWatch {
  const last: boolean[] = [];
  let inRow = 0;
  let failures = 0;
  return {
    note(failed) {
      inRow = failed ? inRow + 1 : 0;
      last.push(failed);
      if (failed) failures += 1;
      if (last.length > lately && last.shift()) failures -= 1;
      if (inRow >= mostInRow || failures >= mostLately)
        throw new RunFailed('too many records fail by our own fault: see the dead letters');
    },
  };
}

function idOf(record: unknown): string {
  return typeof record === 'object' && record !== null && 'id' in record ? String(record.id) : '?';
}
