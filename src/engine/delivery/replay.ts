/** Replays a dead letter: reads its record again and sends it through the same rules, with the original cause. */
import type { CommercetoolsClient } from '../../commercetools/client.ts';
import { CommercetoolsError } from '../../commercetools/errors.ts';
import { iteratePages } from '../../commercetools/pagination.ts';
import { LookupUnavailable } from '../../lib/errors.ts';
import { omitUndefined } from '../../lib/omit-undefined.ts';
import type { RuleSelection, SelectRules } from '../../rules/select-rules.ts';
import type { OriginalCause, RuleGroup } from '../../rules/types.ts';
import type { DeadLetter, DeadLetterFilter, DeadLetters } from './dead-letters.ts';
import type { Deliver } from './deliver.ts';
import type { Evaluate } from './evaluate.ts';
import { type RecordResult, skipReasons } from './verdict.ts';

export interface ReplayDeps {
  groups: readonly RuleGroup[];
  selectRules: SelectRules;
  client: CommercetoolsClient;
  evaluate: Evaluate;
  deliver: Deliver;
  deadLetters: DeadLetters;
  nextReadSeq(): number;
  deadlineMs: number;
}

export type ReplayResult =
  | { outcome: 'delivered' }
  /** Nothing is to be sent any more. */
  | { outcome: 'skipped'; reason: string }
  /** Rejected again: `codes` of the dead letters that were stored. */
  | { outcome: 'rejected'; reason: string; codes: readonly string[] }
  | { outcome: 'unavailable'; reason: string }
  | { outcome: 'not-replayable'; reason: string };

/** What is replayed: the record, the rule that wrote it (empty: all rules) and the original cause. */
export type ReplayRequest = Pick<DeadLetter, 'record' | 'rule' | 'cause'>;

export interface Replay {
  /** Evaluates and sends a record again; a rejection stores a dead letter. Never rejects because an API can't answer. */
  resend(request: ReplayRequest): Promise<ReplayResult>;
  /** Replays one dead letter as it is stored now, and deletes it unless it was rejected for the same reason or renewed. */
  one(letter: Pick<DeadLetter, 'id'>): Promise<ReplayResult>;
  /** Replays up to 100 dead letters in the order of their ids, starting after `after`. */
  all(filter: DeadLetterFilter, after?: string): Promise<ReplaySummary>;
}

export interface ReplaySummary {
  delivered: number;
  skipped: number;
  rejected: number;
  notReplayable: number;
  /** Why the replay ended early. */
  unavailable?: string;
  /** The id to continue after; absent once all were replayed. */
  after?: string;
}

/** An HTTP client waits for the answer. */
const maxReplays = 100;
const gone: ReplayResult = { outcome: 'skipped', reason: 'it was replayed or discarded meanwhile' };

export function createReplay(deps: ReplayDeps): Replay {
  /** @returns what to evaluate, or undefined if no enabled rule would write it any more */
  async function evaluationOf({ record, rule }: ReplayRequest, cause: OriginalCause) {
    if (cause.type === 'message') {
      // Without its payload: the cause holds what the message said.
      const { messageId: id, messageType: type, notificationType, resource, createdAt, ...optional } = cause;
      const { resourceVersion, dataErasure } = optional;
      const message = omitUndefined({ notificationType, type, id, resource, createdAt, resourceVersion, dataErasure });
      const rules = onlyRule(deps.selectRules.forMessage(message), rule);
      return rules.size === 0 ? undefined : { input: { message }, rules };
    }
    const group = deps.groups.find(({ typeId }) => typeId === record?.typeId);
    const resource = group?.rules.find(({ bulk }) => bulk !== undefined)?.bulk;
    if (!record || !resource) return undefined;
    const rules = onlyRule(deps.selectRules.forRun(resource), rule);
    if (rules.size === 0) return undefined;
    const pages = await Array.fromAsync(iteratePages(deps.client, { resource, query: { ids: [record.id] } }));
    return { input: { records: pages.flatMap((page) => page.records) }, rules };
  }

  async function resend(request: ReplayRequest): Promise<ReplayResult> {
    const { cause: original, record } = request;
    if (!original || !record) return { outcome: 'not-replayable', reason: 'the record is unknown: it was unreadable' };
    const readSeq = deps.nextReadSeq();
    try {
      const evaluation = await evaluationOf(request, original);
      if (!evaluation) return { outcome: 'not-replayable', reason: 'its rule is disabled in the settings' };
      const cause = { type: 'replay', original } as const;
      const evaluations = await deps.evaluate(evaluation.input, evaluation.rules, cause);
      const signal = AbortSignal.timeout(deps.deadlineMs);
      const options = { cause, readSeq, lane: 'realtime', signal, onInternalError: 'dead-letter' } as const;
      return resultOf(await deps.deliver(evaluations, options));
    } catch (thrown) {
      if (thrown instanceof CommercetoolsError || thrown instanceof LookupUnavailable)
        return { outcome: 'unavailable', reason: thrown.message };
      throw thrown;
    }
  }

  /** @returns undefined if the letter is gone */
  async function replayStored(id: string): Promise<ReplayResult | undefined> {
    // Read now: since it was listed it may have been replayed, discarded, or renewed with another cause.
    const stored = await deps.deadLetters.read(id);
    if (!stored) return undefined;
    const { letter, version } = stored;
    const result = await resend(letter);
    const isStoredAgain = result.outcome === 'rejected' && result.codes.includes(letter.code);
    const isSettled = ['delivered', 'skipped', 'rejected'].includes(result.outcome);
    // What was rejected meanwhile was not sent by this replay.
    if (isSettled && !isStoredAgain) await deps.deadLetters.discard(id, version);
    return result;
  }

  return {
    resend,
    one: async ({ id }) => (await replayStored(id)) ?? gone,
    async all(filter, from) {
      const summary: ReplaySummary = { delivered: 0, skipped: 0, rejected: 0, notReplayable: 0 };
      let after = from;
      let replayed = 0;
      const withPosition = () => omitUndefined({ ...summary, after });
      for await (const letter of deps.deadLetters.list(filter, from)) {
        if (replayed >= maxReplays) return withPosition();
        const result = await replayStored(letter.id);
        if (!result) continue;
        if (result.outcome === 'unavailable') return { ...withPosition(), unavailable: result.reason };
        summary[result.outcome === 'not-replayable' ? 'notReplayable' : result.outcome] += 1;
        after = letter.id;
        replayed += 1;
      }
      return summary;
    },
  };
}

/** @param rule empty: all selected rules, because the record could not be read */
function onlyRule(rules: RuleSelection, rule: string): RuleSelection {
  if (rule === '') return rules;
  return new Map([...rules].filter(([, names]) => names.has(rule)).map(([group]) => [group, new Set([rule])]));
}

function resultOf(results: readonly RecordResult[]): ReplayResult {
  const receipts = results.flatMap((result) => result.receipts);
  const unavailable = receipts.find((receipt) => receipt.outcome === 'unavailable');
  if (unavailable) return { outcome: 'unavailable', reason: unavailable.reason };
  const codes = results.flatMap((result) => result.deadLettered);
  if (codes.length > 0) return { outcome: 'rejected', reason: codes.join(', '), codes };
  if (receipts.some(({ outcome }) => outcome === 'delivered')) return { outcome: 'delivered' };
  return { outcome: 'skipped', reason: skipReasons(results).join(', ') || 'the record or its rule no longer exists' };
}
