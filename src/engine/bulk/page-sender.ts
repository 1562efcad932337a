/** Evaluates and sends the pages of a run. Records that are unavailable are read and sent again until they are settled. */
import PQueue from 'p-queue';
import { CommercetoolsError } from '../../commercetools/errors.ts';
import { iteratePages } from '../../commercetools/pagination.ts';
import type { ChangeKind } from '../../klaviyo/change.ts';
import { chunksOf } from '../../lib/chunks.ts';
import { LookupUnavailable } from '../../lib/errors.ts';
import type { Cause, RuleEvaluation } from '../../rules/types.ts';
import type { RecordResult } from '../delivery/verdict.ts';
import { RunFailed } from '../runs/errors.ts';
import { countMissing, emptyCounts, type RunCounts } from '../runs/run-counts.ts';
import type { RunExecution } from '../runs/run-worker.ts';
import { createErrorBudget } from './error-budget.ts';
import { maxPagesEvaluating, recordsPerResultGroup } from './limits.ts';
import type { ReadPage } from './page-reader.ts';
import { countsOf } from './result-counts.ts';
import { createRunPause, untilAvailable } from './run-pause.ts';
import type { BulkDeps } from './types.ts';

/** Records to evaluate, and the sequence number taken before they were read. */
interface Batch {
  records: unknown[];
  readSeq: number;
}

/** Records of a batch that could not be sent now, and why. */
interface Retry {
  ids: string[];
  problem: string;
  retryAfterMs: number;
}

export function createPageSender(deps: BulkDeps, execution: RunExecution) {
  const { run, signal } = execution;
  const rules = deps.selectRules.forRun(run.resource);
  const cause: Cause = { type: 'run', runId: run.id, backfill: run.request.backfill ?? true };
  const { force = false, keepStock = false } = run.request;
  const options = { cause, lane: 'bulk', signal, force, keepStock } as const;
  const evaluating = new PQueue({ concurrency: maxPagesEvaluating });
  /** Pages that wait for an API: counts them, and limits nothing. */
  const retrying = new PQueue();
  const errorBudget = createErrorBudget();
  /** What the run writes: a sync of another resource, whose changes take long, does not hold it up. */
  const kinds = new Set<ChangeKind>();

  /** Evaluates a whole page, so that its lookups share requests. @returns the results by group, still pending */
  async function startSending(batch: Batch, release: () => void): Promise<Promise<RecordResult[]>[]> {
    const evaluations = await deps.evaluate({ records: batch.records }, rules, cause);
    for (const evaluation of evaluations)
      if (evaluation.outcome === 'mapped') for (const { type } of evaluation.output.changes) kinds.add(type);
    // Again: the lookups may have taken long.
    await deps.sink.waitForCapacity(kinds, signal);
    // Frees the records: only their changes are needed from here on.
    batch.records = [];
    const groups = groupsOf(evaluations.splice(0));
    const results = groups.map((group) =>
      deps.deliver(group, { ...options, readSeq: batch.readSeq, onInternalError: 'dead-letter' }),
    );
    // Each is awaited in turn; until then a rejection must not count as unhandled.
    for (const result of results) result.catch(() => undefined);
    release();
    return results;
  }

  async function* sendOnce(batch: Batch, release: () => void, retry: Retry): AsyncGenerator<RunCounts> {
    let groups: Promise<RecordResult[]>[];
    try {
      groups = await evaluating.add(() => startSending(batch, release), { signal });
    } catch (thrown) {
      if (!(thrown instanceof CommercetoolsError || thrown instanceof LookupUnavailable)) throw thrown;
      if (thrown instanceof CommercetoolsError && thrown.type === 'rejected') throw new RunFailed(thrown.message);
      Object.assign(retry, { problem: thrown.message, retryAfterMs: thrown.retryAfterMs ?? 0 });
      retry.ids = batch.records.map(idOf);
      return;
    }
    for (const group of groups) {
      const results = await group;
      for (const result of results) noteUnavailable(result, retry);
      const settled = results.filter(({ outcome }) => outcome !== 'unavailable');
      yield countsOf(settled);
      for (const { errors } of settled) errorBudget.record(errors.length > 0);
    }
  }

  /** Reads records again: what was read before the pause may be outdated. */
  function readAgain(ids: readonly string[]): Promise<{ batch: Batch; missing: readonly string[] }> {
    return untilAvailable(execution, async () => {
      const readSeq = deps.nextReadSeq();
      const pages = await Array.fromAsync(iteratePages(deps.client, { resource: run.resource, query: { ids } }));
      const records = pages.flatMap((page) => page.records);
      return { batch: { records, readSeq }, missing: pages.flatMap((page) => page.missing) };
    });
  }

  return {
    /**
     * Sends a page and releases it once it is handed to the sink.
     * @yields counts, as groups of records are settled; ends when every record is
     */
    async *send(page: ReadPage): AsyncGenerator<RunCounts> {
      const pause = createRunPause(execution);
      const { release } = page;
      let batch: Batch = page;
      for (;;) {
        signal.throwIfAborted();
        const retry: Retry = { ids: [], problem: '', retryAfterMs: 0 };
        yield* sendOnce(batch, release, retry);
        if (retry.ids.length === 0) break;
        const again = await retrying.add(async () => {
          await pause.wait(retry.problem, retry.retryAfterMs);
          return readAgain(retry.ids);
        });
        const counts = emptyCounts();
        countMissing(counts, again.missing);
        yield counts;
        batch = again.batch;
      }
      pause.reset();
    },
    /** Resolves when another page may be sent: the sink has capacity, and no page waits for an API. */
    async waitForCapacity(ownSignal: AbortSignal): Promise<void> {
      await retrying.onIdle();
      await deps.sink.waitForCapacity(kinds, ownSignal);
    },
  };
}

/** Groups of up to 50 records; all evaluations of a record are in one group. */
function groupsOf(evaluations: readonly RuleEvaluation[]): RuleEvaluation[][] {
  const records = [...Map.groupBy(evaluations, ({ record }) => record.id).values()];
  return chunksOf(records, { maxItems: recordsPerResultGroup }).map((chunk) => chunk.flat());
}

function noteUnavailable({ record, receipts }: RecordResult, retry: Retry): void {
  const unavailable = receipts.find((receipt) => receipt.outcome === 'unavailable');
  if (!unavailable) return;
  retry.ids.push(record.id);
  retry.problem = unavailable.reason;
  retry.retryAfterMs = Math.max(retry.retryAfterMs, unavailable.retryAfterMs ?? 0);
}

function idOf(record: unknown): string {
  return typeof record === 'object' && record !== null && 'id' in record ? String(record.id) : '?';
}
