/** Sends a run's pages: what is unavailable is read and sent again until it is through; then the page is done. */
import PQueue from 'p-queue';
import type { CommercetoolsClient } from '../../commercetools/client.ts';
import { CommercetoolsError } from '../../commercetools/errors.ts';
import type { Lookups } from '../../commercetools/lookups/types.ts';
import { iteratePages } from '../../commercetools/pagination.ts';
import type { Sink } from '../../klaviyo/sink.ts';
import type { RuleSettings } from '../../rules/settings.ts';
import type { Cause, RuleEvaluation, RuleGroup } from '../../rules/types.ts';
import { inSpan } from '../../telemetry/span.ts';
import type { Deliver, RecordResult } from '../delivery/deliver.ts';
import { countMissing, countReason, type RunCounts } from '../runs/run-counts.ts';
import { createErrorBudget } from './error-budget.ts';
import type { ReadPage } from './page-reader.ts';
import type { BulkRun } from './run-bulk.ts';
import { createRunPause, RunFailed } from './run-pause.ts';

export interface PageSenderDeps {
  groups: readonly RuleGroup[];
  settings: RuleSettings;
  client: CommercetoolsClient;
  lookups: Lookups;
  deliver: Deliver;
  sink: Sink;
  nextReadSeq(): number;
  now(): Date;
}

/** Records, and the count taken before they were read. They are let go of as soon as rules have told what to send. */
type Batch = Pick<ReadPage, 'records' | 'readSeq'> & Partial<Pick<ReadPage, 'release'>>;

export interface PageSender {
  /** Resolves when every record of the page is delivered, skipped or kept. @param counts of this page */
  send(page: Batch, counts: RunCounts): Promise<void>;
  /** Resolves when another page may be begun: the sink has room, and nothing waits for an API. */
  ready(signal: AbortSignal): Promise<void>;
}

/** Pages whose facts are gathered at a time. */
const maxGathering = 2;
/** Records whose results are counted together, so that progress shows. */
const maxInGroup = 50;

export function createPageSender(parts: PageSenderDeps, work: BulkRun): PageSender {
  const { run, signal } = work;
  const groups = parts.groups
    .map((family) => ({
      family,
      names: new Set(family.rules.filter(({ bulk }) => bulk === run.resource).map(({ name }) => name)),
    }))
    .filter(({ names }) => names.size > 0);
  const cause: Cause = { type: 'run', runId: run.id, backfill: run.request.backfill ?? true };
  const force = run.request.force ?? false;
  const gathering = new PQueue({ concurrency: maxGathering });
  const waiting = new PQueue();
  const faults = createErrorBudget();

  /** Gathers and writes the whole page, so that its look-ups share queries. */
  async function tell(records: readonly unknown[]): Promise<RuleEvaluation[]> {
    const reading = { lookups: parts.lookups, cause, at: parts.now(), settings: parts.settings };
    const told = await inSpan('gather', {}, () =>
      Promise.all(groups.map(({ family, names }) => family.evaluateRecords(records, names, reading))),
    );
    return told.flat();
  }

  /** Begins to send; the results come group by group. */
  async function begin(
    batch: Batch,
  ): Promise<{ groups: Promise<RecordResult[]>[] } | { unreadable: CommercetoolsError }> {
    try {
      const told = await tell(batch.records);
      await parts.sink.waitForCapacity(signal);
      // Nothing that waits for its receipts holds on to what was read.
      batch.records = [];
      return { groups: deliverInGroups(told.splice(0), batch) };
    } catch (thrown) {
      if (!(thrown instanceof CommercetoolsError)) throw thrown;
      if (thrown.type === 'rejected') throw new RunFailed(thrown.message);
      return { unreadable: thrown };
    }
  }

  function deliverInGroups(told: readonly RuleEvaluation[], { readSeq, release }: Batch): Promise<RecordResult[]>[] {
    const options = { cause, readSeq, lane: 'bulk', signal, force, failures: 'keep' } as const;
    const groups = groupsOf(told).map((group) => parts.deliver(group, options));
    release?.();
    return groups;
  }

  async function tryOnce(batch: Batch, counts: RunCounts): Promise<Tried> {
    const begun = await gathering.add(() => begin(batch), { signal });
    if ('unreadable' in begun) {
      const { message, retryAfterMs = 0 } = begun.unreadable;
      return { again: batch.records.map(idOf), problem: message, retryAfterMs };
    }
    const tried: Tried = { again: [], problem: '', retryAfterMs: 0 };
    await Promise.all(begun.groups.map(async (group) => settle(await group, counts, tried)));
    return tried;
  }

  function settle(results: readonly RecordResult[], counts: RunCounts, tried: Tried): void {
    for (const result of results) {
      const unavailable = result.receipts.find((receipt) => receipt.outcome === 'unavailable');
      if (unavailable) {
        tried.again.push(result.record.id);
        tried.problem = unavailable.reason;
        tried.retryAfterMs = Math.max(tried.retryAfterMs, unavailable.retryAfterMs ?? 0);
      } else {
        count(run.counts, result);
        count(counts, result);
        faults.record(result.errors.length > 0);
      }
    }
    work.markDirty();
  }

  /** As they are by now: what was read before the pause may be old. */
  async function readAgain(ids: readonly string[], counts: RunCounts): Promise<Batch> {
    const pause = createRunPause(work);
    for (;;) {
      const readSeq = parts.nextReadSeq();
      try {
        const pages = await Array.fromAsync(iteratePages(parts.client, { resource: run.resource, query: { ids } }));
        const records = pages.flatMap((page) => page.records);
        const missing = pages.flatMap((page) => page.missing);
        for (const each of [run.counts, counts]) countMissing(each, missing);
        return { records, readSeq };
      } catch (thrown) {
        await pause.orFail(thrown);
      }
    }
  }

  async function send(page: Batch, counts: RunCounts): Promise<void> {
    const pause = createRunPause(work);
    let left: Batch = page;
    for (;;) {
      signal.throwIfAborted();
      const { again, problem, retryAfterMs } = await tryOnce(left, counts);
      if (again.length === 0) break;
      left = await waiting.add(async () => {
        await pause.wait(problem, retryAfterMs);
        const batch = await readAgain(again, counts);
        return left.release ? { ...batch, release: left.release } : batch;
      });
    }
    pause.over();
  }

  return {
    send(page, counts) {
      const { id, resource } = run;
      const about = { 'ctk.run.id': id, 'ctk.run.resource': resource, 'ctk.records': page.records.length };
      return inSpan('run page', about, () => send(page, counts));
    },
    async ready(own) {
      await waiting.onIdle();
      await parts.sink.waitForCapacity(own);
    },
  };
}

interface Tried {
  /** Ids of the records that could not be sent now, and why. */
  again: string[];
  problem: string;
  retryAfterMs: number;
}

/** What was told of up to `mostInGroup` records at a time; all of one record in one group. */
function groupsOf(told: readonly RuleEvaluation[]): RuleEvaluation[][] {
  const records = [...Map.groupBy(told, ({ record }) => record.id).values()];
  return Array.from({ length: Math.ceil(records.length / maxInGroup) }, (_, index) =>
    records.slice(index * maxInGroup, (index + 1) * maxInGroup).flat(),
  );
}

function count(
  counts: RunCounts,
  { record, receipts, skips, deadLettered: kept, errors: failures }: RecordResult,
): void {
  const taken = receipts.filter(({ outcome }) => outcome === 'delivered').length;
  counts.changes += taken;
  if (kept.length > 0 || failures.length > 0) {
    counts.rejected += 1;
    for (const reason of new Set(kept)) countReason(counts, reason, [record.id]);
  } else if (taken > 0) counts.delivered += 1;
  else {
    counts.skipped += 1;
    const reasons = receipts.flatMap((receipt) => (receipt.outcome === 'skipped' ? [receipt.reason] : []));
    for (const reason of new Set([...skips, ...reasons])) countReason(counts, reason, [record.id]);
  }
}

function idOf(record: unknown): string {
  return typeof record === 'object' && record !== null && 'id' in record ? String(record.id) : '?';
}
