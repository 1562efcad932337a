/**
 * From what rules said to what became of it, record by record: sends the changes, keeps what is refused for good, stores
 * what shall follow. Realtime and bulk both go through here.
 */

import type { Lane } from '../../klaviyo/api/rate-limiter.ts';
import type { Change, Receipt, SequencedChange } from '../../klaviyo/change.ts';
import type { Sink } from '../../klaviyo/sink.ts';
import { type Cause, type FollowUp, originOf, type RecordRef, type RuleEvaluation } from '../../rules/types.ts';
import type { AppEvents, ChangeCount } from '../../telemetry/app-events.ts';
import { inSpan } from '../../telemetry/span.ts';
import type { AcceptedJobs, ChangeOrigin } from './accepted-jobs.ts';
import type { DeadLetters, Letter } from './dead-letters.ts';

/** What became of one record, over all rules that were asked about it. */
export interface RecordResult {
  record: RecordRef;
  receipts: Receipt[];
  /** Why rules wrote nothing. */
  skips: string[];
  /** Reasons of what was kept as a dead letter. */
  deadLettered: string[];
  /** Rules that threw, and were not kept. */
  errors: Error[];
}

export interface DeliverDeps {
  sink: Sink<ChangeOrigin>;
  pending: Pick<AcceptedJobs, 'settled' | 'leave'>;
  deadLetters: DeadLetters;
  activity: AppEvents;
  /** Stores a small run; resolves when it is safe. */
  follow(follow: FollowUp): Promise<void>;
}

export interface DeliverOptions {
  cause: Cause;
  /** See Stamped. */
  readSeq: number;
  lane: Lane;
  signal: AbortSignal;
  /** Keep what failed by our own fault as a dead letter, instead of leaving it to another try. */
  failures: 'keep' | 'return';
  /** Write also what Klaviyo holds already. */
  force?: boolean;
}

export type Deliver = (told: readonly RuleEvaluation[], options: DeliverOptions) => Promise<RecordResult[]>;

interface Sent {
  rule: string;
  change: SequencedChange<ChangeOrigin>;
  to: RecordResult;
}

/** Of what was sent: what it takes to settle it. */
interface Waiting extends Omit<Sent, 'change'> {
  about: ChangeOrigin | undefined;
}

/** Bulk reads a page again that did not come through; in realtime a job's records are remembered until it has ended. */
function withOrigin(
  change: Change,
  { record, rule }: Extract<RuleEvaluation, { outcome: 'mapped' }>,
  { cause, readSeq, lane }: DeliverOptions,
): SequencedChange<ChangeOrigin> {
  if (lane === 'bulk') return { ...change, readSeq };
  return { ...change, readSeq, origin: { record, rule, cause: originOf(cause) } };
}

export function createDeliver({ sink, pending, deadLetters, activity, follow }: DeliverDeps): Deliver {
  async function keep(letter: Letter, to: RecordResult): Promise<void> {
    const stored = await deadLetters.keep(letter);
    if (stored === 'kept') to.deadLettered.push(letter.code);
    else to.receipts.push({ outcome: 'unavailable', reason: stored.reason });
  }

  /** The message is acknowledged already: what its job refuses after all is told, and kept as a dead letter. */
  async function settleJobResult(sent: Waiting, later: Promise<Receipt>, options: DeliverOptions): Promise<void> {
    const last = await later;
    const to: RecordResult = { record: sent.to.record, receipts: [], skips: [], deadLettered: [], errors: [] };
    const refused: Receipt =
      last.outcome === 'unavailable' ? { outcome: 'rejected', code: 'job_lost', detail: last.reason } : last;
    if (refused.outcome === 'rejected') {
      const { rule } = sent;
      activity.emit({ type: 'changes', lane: options.lane, changes: [{ rule, outcome: 'refused-later', count: 1 }] });
    }
    try {
      await settle({ ...sent, to }, refused, { ...options, failures: 'keep' });
    } catch (thrown) {
      activity.emit({ type: 'failed', record: to.record, rule: sent.rule, error: toError(thrown) });
      pending.leave(sent.about);
      return;
    }
    for (const receipt of to.receipts)
      if (receipt.outcome === 'unavailable') activity.emit({ type: 'action-required', reason: receipt.reason });
    // What could not be kept stays pending: somebody looks after it later.
    if (to.receipts.some(({ outcome }) => outcome === 'unavailable')) pending.leave(sent.about);
    else pending.settled(sent.about);
  }

  async function settle({ rule, to, about }: Waiting, receipt: Receipt, options: DeliverOptions): Promise<void> {
    const { record } = to;
    if (receipt.outcome === 'failed') return fail({ record, rule, error: receipt.error }, to, options);
    for (const warning of receipt.warnings ?? []) activity.emit({ type: 'partially-sent', record, rule, warning });
    if (receipt.outcome === 'delivered' && receipt.later)
      void settleJobResult({ rule, to, about }, receipt.later, options);
    if (receipt.outcome !== 'rejected') {
      to.receipts.push(receipt);
      return;
    }
    const { code, detail, field } = receipt;
    const said = { code, detail, ...(field === undefined ? {} : { field }) };
    activity.emit({ type: 'rejected', record, rule, ...said });
    to.receipts.push(receipt);
    await keep({ record, rule, cause: options.cause, ...said }, to);
  }

  /** What one rule said of one record: noted on the record's result; its changes are returned. */
  async function collect(one: RuleEvaluation, to: RecordResult, options: DeliverOptions): Promise<Sent[]> {
    const { record } = one;
    switch (one.outcome) {
      case 'skipped':
        to.skips.push(one.reason);
        return [];
      case 'unreadable': {
        const said = { code: 'unreadable', detail: `${one.path}: ${one.reason}` };
        activity.emit({ type: 'rejected', record, rule: '', ...said });
        await keep({ record, rule: '', cause: options.cause, ...said }, to);
        return [];
      }
      case 'failed':
        await fail(one, to, options);
        return [];
      case 'mapped': {
        const { skips, warnings, followUps, changes } = one.output;
        to.skips.push(...skips);
        for (const warning of warnings) activity.emit({ type: 'partially-sent', record, rule: one.rule, warning });
        for (const next of followUps) await follow(next);
        return changes.map((change) => ({ rule: one.rule, change: withOrigin(change, one, options), to }));
      }
    }
  }

  async function collectAll(told: readonly RuleEvaluation[], options: DeliverOptions) {
    const results = new Map<string, RecordResult>();
    const sent: Sent[] = [];
    for (const one of told) sent.push(...(await collect(one, resultFor(results, one.record), options)));
    return { results, sent };
  }

  async function settleAll(
    waiting: readonly Waiting[],
    sending: Promise<Receipt[]>,
    options: DeliverOptions,
  ): Promise<void> {
    const receipts = await sending;
    if (waiting.length > 0)
      activity.emit({ type: 'changes', lane: options.lane, changes: countsOf(waiting, receipts) });
    for (const [index, one] of waiting.entries()) {
      const receipt = receipts[index];
      if (receipt) await settle(one, receipt, options);
      if (receipt && !('later' in receipt)) pending.settled(one.about);
    }
  }

  // In steps, none of which waits with the changes in its hands: the sink lets go of each when it is serialised.
  return (told, options) =>
    collectAll(told, options).then(({ results, sent }) => {
      const waiting = sent.map(({ rule, to, change: { origin: about } }) => ({ rule, to, about }));
      const { lane, signal, force = false } = options;
      const about = { 'ctk.lane': lane, 'ctk.changes': sent.length };
      const sending = inSpan('send', about, () =>
        sink.send(
          sent.map(({ change }) => change),
          { lane, signal, force },
        ),
      );
      return settleAll(waiting, sending, options).then(() => [...results.values()]);
    });

  async function fail(
    one: Pick<Extract<RuleEvaluation, { outcome: 'failed' }>, 'record' | 'rule' | 'error'>,
    to: RecordResult,
    { cause, failures }: DeliverOptions,
  ): Promise<void> {
    const { record, rule, error } = one;
    activity.emit({ type: 'failed', record, rule, error });
    to.errors.push(error);
    if (failures === 'keep') await keep({ record, rule, code: 'failed', detail: error.name, cause }, to);
  }
}

/** Rules and outcomes are few: a page of changes is a handful of counts. */
function countsOf(sent: readonly Pick<Sent, 'rule'>[], receipts: readonly Receipt[]): ChangeCount[] {
  const counts: ChangeCount[] = [];
  for (const [index, { rule }] of sent.entries()) {
    const outcome = receipts[index]?.outcome;
    if (outcome === undefined) continue;
    const known = counts.find((one) => one.rule === rule && one.outcome === outcome);
    if (known) known.count += 1;
    else counts.push({ rule, outcome, count: 1 });
  }
  return counts;
}

function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

function resultFor(results: Map<string, RecordResult>, record: RecordRef): RecordResult {
  const key = `${record.typeId}:${record.id}`;
  const known = results.get(key) ?? { record, receipts: [], skips: [], deadLettered: [], errors: [] };
  results.set(key, known);
  return known;
}
