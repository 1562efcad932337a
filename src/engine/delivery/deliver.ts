/**
 * Turns evaluations into results, record by record: sends the changes, stores dead letters, queues follow-up runs.
 * Realtime, bulk and replays all go through here.
 */

import type { Lane } from '../../klaviyo/api/rate-limiter.ts';
import type { Change, Receipt, SequencedChange } from '../../klaviyo/change.ts';
import type { Sink } from '../../klaviyo/sink.ts';
import { toError } from '../../lib/errors.ts';
import { omitUndefined } from '../../lib/omit-undefined.ts';
import { type Cause, type FollowUp, originOf, type RecordRef, type RuleEvaluation } from '../../rules/types.ts';
import type { AppEvents, ChangeCount } from '../../telemetry/app-events.ts';
import { inSpan } from '../../telemetry/span.ts';
import type { AcceptedJobs, ChangeOrigin } from './accepted-jobs.ts';
import type { DeadLetterDraft, DeadLetters } from './dead-letters.ts';
import { type DeliveryOrigin, entryOf, logDeliveries, receiptEntry } from './delivery-entries.ts';
import type { DeliveryLog } from './delivery-log.ts';
import { emptyResult, type Outcome, type RecordResult, worstOutcome } from './verdict.ts';

export interface DeliverDeps {
  sink: Sink<ChangeOrigin>;
  acceptedJobs: Pick<AcceptedJobs, 'settled' | 'abandon'>;
  deadLetters: Pick<DeadLetters, 'store'>;
  events: AppEvents;
  /** Realtime and replays are logged; a sync and the cart watch count their records instead. */
  deliveryLog: Pick<DeliveryLog, 'add'>;
  /** Stores a follow-up run; resolves once it is stored. */
  queueFollowUp(followUp: FollowUp): Promise<void>;
  /** Stores that a customer was erased; resolves once it is stored. `erasureRule`: the rule that erases it. */
  onErasure(erasure: { customerId: string; erasureRule: string }): Promise<void>;
}

export interface DeliverOptions {
  cause: Cause;
  /** See SequencedChange. */
  readSeq: number;
  lane: Lane;
  /** Its abort withdraws changes that are not in a request body yet. */
  signal: AbortSignal;
  /** What to do with internal errors: store dead letters, or leave them to another attempt. */
  onInternalError: 'dead-letter' | 'return';
  /** Number of the message's delivery, for the delivery log. */
  attempt?: number;
  /** Also writes records that Klaviyo already holds unchanged. */
  force?: boolean;
  /** Leaves the quantity of existing variants as it is. */
  keepStock?: boolean;
}

/** Rejects with a StoreError if a follow-up run or an erasure can't be stored. */
export type Deliver = (evaluations: readonly RuleEvaluation[], options: DeliverOptions) => Promise<RecordResult[]>;

/** A change on its way, with the record's result that its receipt belongs to. */
interface Outgoing {
  rule: string;
  change: SequencedChange<ChangeOrigin>;
  result: RecordResult;
}

/** What is kept of a change once it was handed to the sink: the change itself may be large. */
interface SentChange extends Omit<Outgoing, 'change'> {
  origin: ChangeOrigin | undefined;
  written: WrittenCount;
}

type WrittenCount = Pick<ChangeCount, 'kind' | 'metric' | 'value' | 'currency'>;

export function createDeliver({
  sink,
  acceptedJobs,
  deadLetters,
  events,
  deliveryLog,
  queueFollowUp,
  onErasure,
}: DeliverDeps): Deliver {
  async function deadLetter(draft: DeadLetterDraft, result: RecordResult): Promise<void> {
    const stored = await deadLetters.store(draft);
    if (stored === 'stored') result.deadLettered.push(draft.code);
    else result.receipts.push({ outcome: 'unavailable', reason: stored.reason });
  }

  function log(results: readonly (readonly [DeliveryOrigin, Receipt])[], options: DeliverOptions): void {
    logDeliveries(deliveryLog, options.lane, () =>
      results.map(([origin, receipt]) => receiptEntry(origin, receipt, options)),
    );
  }

  /** Logs what no change was made for. */
  function logEvaluation(
    origin: DeliveryOrigin,
    outcome: 'skipped' | 'rejected' | 'failed',
    reasons: readonly string[],
    options: DeliverOptions,
  ) {
    logDeliveries(deliveryLog, options.lane, () =>
      reasons.map((reason) => entryOf(origin, { outcome, reason }, options)),
    );
  }

  async function internalError(
    { rule, result, error }: { rule: string; result: RecordResult; error: Error },
    { cause, onInternalError }: DeliverOptions,
  ): Promise<void> {
    const { record } = result;
    events.emit({ type: 'failed', record, rule, error });
    result.errors.push(error);
    if (onInternalError === 'dead-letter')
      await deadLetter({ record, rule, code: 'failed', detail: error.name, cause }, result);
  }

  /** Notes an evaluation in the record's result. @returns its changes */
  async function collect(evaluation: RuleEvaluation, result: RecordResult, options: DeliverOptions) {
    const { record } = evaluation;
    switch (evaluation.outcome) {
      case 'skipped':
        result.skips.push(evaluation.reason);
        logEvaluation({ record, rule: '' }, 'skipped', [evaluation.reason], options);
        return [];
      case 'unreadable': {
        const rejection = { code: 'unreadable', detail: `${evaluation.path}: ${evaluation.reason}` };
        events.emit({ type: 'rejected', record, rule: '', ...rejection });
        logEvaluation({ record, rule: '' }, 'rejected', [`${rejection.code}: ${rejection.detail}`], options);
        await deadLetter({ record, rule: '', cause: options.cause, ...rejection }, result);
        return [];
      }
      case 'failed':
        logEvaluation({ record, rule: evaluation.rule }, 'failed', [evaluation.error.name], options);
        await internalError({ rule: evaluation.rule, result, error: evaluation.error }, options);
        return [];
      case 'mapped': {
        const { rule, output } = evaluation;
        result.skips.push(...output.skips);
        logEvaluation({ record, rule }, 'skipped', output.skips, options);
        for (const warning of output.warnings) events.emit({ type: 'partially-sent', record, rule, warning });
        for (const followUp of output.followUps) await queueFollowUp(followUp);
        for (const change of output.changes)
          if (change.type === 'erasure') await onErasure({ customerId: change.customerId, erasureRule: rule });
        const origin = { record, rule };
        return output.changes.map((change) => ({ rule, result, change: withOrigin(change, origin, options) }));
      }
    }
  }

  async function settle(
    { rule, result, origin, written }: SentChange,
    receipt: Receipt,
    options: DeliverOptions,
  ): Promise<void> {
    const { record } = result;
    for (const warning of receipt.warnings ?? []) events.emit({ type: 'partially-sent', record, rule, warning });
    if (receipt.outcome === 'failed') return internalError({ rule, result, error: receipt.error }, options);
    result.receipts.push(receipt);
    if (receipt.outcome === 'delivered' && receipt.settled)
      void settleJobResult({ rule, record, origin, written }, receipt.settled, options);
    if (receipt.outcome !== 'rejected') return;
    const { outcome: _outcome, warnings: _warnings, errorId: _errorId, ...rejection } = receipt;
    events.emit({ type: 'rejected', record, rule, ...rejection });
    await deadLetter({ record, rule, cause: options.cause, ...rejection }, result);
  }

  /** The message is acknowledged already: a change that its job rejects afterwards becomes a dead letter. Never rejects. */
  async function settleJobResult(
    { rule, record, origin, written }: Omit<SentChange, 'result'> & { record: RecordRef },
    later: Promise<Receipt>,
    options: DeliverOptions,
  ): Promise<void> {
    const result = emptyResult(record);
    try {
      const last = await later;
      // This process ends and the job goes on: another process awaits it.
      if (last.outcome === 'unavailable' && sink.isClosed()) return acceptedJobs.abandon(origin);
      const receipt: Receipt =
        last.outcome === 'unavailable' ? { outcome: 'rejected', code: 'job_lost', detail: last.reason } : last;
      const rejectedLater: ChangeCount = { rule, outcome: 'rejected-later', count: 1 };
      if (receipt.outcome === 'rejected')
        events.emit({ type: 'changes', lane: options.lane, changes: [rejectedLater] });
      if (receipt.outcome !== 'delivered') log([[{ record, rule, wrote: nameOf(written) }, receipt]], options);
      await settle({ rule, result, origin, written }, receipt, { ...options, onInternalError: 'dead-letter' });
      const unstored = result.receipts.find((settled) => settled.outcome === 'unavailable');
      if (!unstored) return acceptedJobs.settled(origin);
      events.emit({ type: 'action-required', reason: unstored.reason });
    } catch (thrown) {
      events.emit({ type: 'failed', record, rule, error: toError(thrown) });
    }
    // No dead letter could be stored: the job's record stays in the store, and its change is recovered later.
    acceptedJobs.abandon(origin);
  }

  async function settleAll(
    awaited: readonly SentChange[],
    sending: Promise<Receipt[]>,
    options: DeliverOptions,
  ): Promise<void> {
    const receipts = await sending;
    if (awaited.length > 0) events.emit({ type: 'changes', lane: options.lane, changes: countsOf(awaited, receipts) });
    const logged = awaited.flatMap(({ rule, result: { record }, written }, index) => {
      const receipt = receipts[index];
      return receipt ? [[{ record, rule, wrote: nameOf(written) }, receipt] as const] : [];
    });
    log(logged, options);
    for (const [index, sent] of awaited.entries()) {
      const receipt = receipts[index];
      if (receipt) await settle(sent, receipt, options);
      if (receipt && !('settled' in receipt)) acceptedJobs.settled(sent.origin);
    }
  }

  async function collectAll(evaluations: readonly RuleEvaluation[], options: DeliverOptions) {
    const results = new Map<string, RecordResult>();
    const outgoing: Outgoing[] = [];
    for (const evaluation of evaluations)
      outgoing.push(...(await collect(evaluation, resultFor(results, evaluation.record), options)));
    return { results: [...results.values()], outgoing };
  }

  /** Keeps only references, so that the sink can free each change once it is serialised. */
  function send(outgoing: readonly Outgoing[], { lane, signal, force = false, keepStock = false }: DeliverOptions) {
    const awaited = outgoing.map(
      ({ rule, result, change }): SentChange => ({ rule, result, origin: change.origin, written: writtenBy(change) }),
    );
    const changes = outgoing.map(({ change }) => change);
    const attributes = { 'ctk.lane': lane, 'ctk.changes': changes.length };
    return {
      awaited,
      sending: inSpan('send', attributes, () => sink.send(changes, { lane, signal, force, keepStock })),
    };
  }

  return (evaluations, options) =>
    collectAll(evaluations, options).then(({ results, outgoing }) => {
      const { awaited, sending } = send(outgoing, options);
      return settleAll(awaited, sending, options).then(() => results.map(withOutcome));
    });
}

/** In realtime an accepted job is stored with the origins of its changes; the other lanes read a page again instead. */
function withOrigin(
  change: Change,
  { record, rule }: Pick<ChangeOrigin, 'record' | 'rule'>,
  { cause, readSeq, lane }: DeliverOptions,
): SequencedChange<ChangeOrigin> {
  if (lane !== 'realtime') return { ...change, readSeq };
  return { ...change, readSeq, origin: { record, rule, cause: originOf(cause) } };
}

function withOutcome(result: RecordResult): RecordResult {
  const outcomes: Outcome[] = result.receipts.map((receipt) => receipt.outcome);
  if (result.errors.length > 0) outcomes.push('failed');
  if (result.deadLettered.includes('unreadable')) outcomes.push('unreadable');
  return { ...result, outcome: worstOutcome(outcomes) };
}

function writtenBy(change: Change): WrittenCount {
  if (change.type !== 'event') return { kind: change.type };
  const { metric, value, currency } = change;
  return omitUndefined({ kind: change.type, metric, value, currency });
}

/** Klaviyo's metric, or the kind of record. */
function nameOf({ metric, kind }: WrittenCount): string | undefined {
  return metric ?? kind;
}

/** Rules, outcomes and metrics are few: a page of changes gives a handful of counts. */
function countsOf(
  awaited: readonly Pick<SentChange, 'rule' | 'written'>[],
  receipts: readonly Receipt[],
): ChangeCount[] {
  const counts: ChangeCount[] = [];
  for (const [index, { rule, written }] of awaited.entries()) {
    const outcome = receipts[index]?.outcome;
    if (outcome === undefined) continue;
    const { value, ...group } = written;
    const known = counts.find(
      (count) =>
        count.rule === rule &&
        count.outcome === outcome &&
        count.kind === group.kind &&
        count.metric === group.metric &&
        count.currency === group.currency,
    );
    const total = known ?? { rule, outcome, count: 0, ...group };
    total.count += 1;
    if (value !== undefined) total.value = (total.value ?? 0) + value;
    if (!known) counts.push(total);
  }
  return counts;
}

function resultFor(results: Map<string, RecordResult>, record: RecordRef): RecordResult {
  const key = `${record.typeId}:${record.id}`;
  const result = results.get(key) ?? emptyResult(record);
  results.set(key, result);
  return result;
}
