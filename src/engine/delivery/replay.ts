/** A dead letter once more: its record is fetched again and goes through the same rules, with the same cause. */
import type { CommercetoolsClient } from '../../commercetools/client.ts';
import { CommercetoolsError } from '../../commercetools/errors.ts';
import type { Lookups } from '../../commercetools/lookups/types.ts';
import type { Message } from '../../commercetools/messages.ts';
import { iteratePages } from '../../commercetools/pagination.ts';
import type { RuleSelection } from '../../rules/select-rules.ts';
import type { RuleSettings } from '../../rules/settings.ts';
import type { Cause, OriginalCause, RuleEvaluation, RuleGroup } from '../../rules/types.ts';
import type { DeadLetter, DeadLetterFilter, DeadLetters } from './dead-letters.ts';
import type { Deliver, RecordResult } from './deliver.ts';
import { verdictOf } from './verdict.ts';

export interface ReplayDeps {
  groups: readonly RuleGroup[];
  settings: RuleSettings;
  decide(message: Message): RuleSelection;
  client: CommercetoolsClient;
  lookups: Lookups;
  deliver: Deliver;
  deadLetters: DeadLetters;
  nextReadSeq(): number;
  now(): Date;
  deadlineMs: number;
}

/** gone: nothing is to be done any more, and it is discarded, as after `delivered`. */
export type ReplayResult =
  | { outcome: 'delivered' }
  | { outcome: 'gone'; reason: string }
  /** Refused again, with these codes. */
  | { outcome: 'kept'; reason: string; codes: readonly string[] }
  | { outcome: 'unavailable'; reason: string }
  | { outcome: 'not-replayable'; reason: string };

export interface Replay {
  /** Tells and sends a record once more; what is refused is kept. Never rejects for what commercetools or Klaviyo do. */
  again(about: Pick<DeadLetter, 'record' | 'rule' | 'cause'>): Promise<ReplayResult>;
  /** Never rejects for what commercetools or Klaviyo do. */
  one(letter: DeadLetter): Promise<ReplayResult>;
  /** As many as fit into a request's time, the first ids first; `after`: where to go on, absent when all are through. */
  all(kind: DeadLetterFilter, after?: string): Promise<ReplaySummary>;
}

export interface ReplaySummary {
  delivered: number;
  gone: number;
  kept: number;
  notReplayable: number;
  /** Why it ended before all were through. */
  unavailable?: string;
  after?: string;
}

/** A caller waits for the answer. */
const maxAtOnce = 100;

export function createReplay(parts: ReplayDeps): Replay {
  const reading = (cause: Cause) => ({ lookups: parts.lookups, cause, at: parts.now(), settings: parts.settings });

  /** The rule that the letter names; all of a family where it could not be read at all. */
  const namesIn = (family: RuleGroup, rule: string) =>
    new Set(family.rules.map(({ name }) => name).filter((name) => rule === '' || name === rule));

  /** Without its payload: what it said is in the cause. @returns undefined where no rule wakes any more */
  async function askMessage(
    cause: Extract<OriginalCause, { type: 'message' }>,
    rule: string,
  ): Promise<RuleEvaluation[] | undefined> {
    const { messageId: id, notificationType, type, resource, createdAt, resourceVersion } = cause;
    const about = { notificationType, type, id, resource, createdAt };
    const message: Message = resourceVersion === undefined ? about : { ...about, resourceVersion };
    const asked = [...parts.decide(message)]
      .map(([family, woken]) => ({ family, names: namesIn(family, rule).intersection(woken) }))
      .filter(({ names }) => names.size > 0);
    if (asked.length === 0) return undefined;
    const again = reading({ type: 'replay', original: cause });
    const told = await Promise.all(asked.map(({ family, names }) => family.evaluateMessage(message, names, again)));
    return told.flat();
  }

  async function askRecord(
    { record, rule }: Pick<DeadLetter, 'record' | 'rule'>,
    cause: OriginalCause,
  ): Promise<RuleEvaluation[] | undefined> {
    const family = parts.groups.find(({ typeId }) => typeId === record?.typeId);
    const resource = family?.rules.find(({ bulk }) => bulk !== undefined)?.bulk;
    if (!family || !record || !resource) return undefined;
    const names = namesIn(family, rule).intersection(
      new Set(family.rules.filter(({ bulk }) => bulk === resource).map(({ name }) => name)),
    );
    if (names.size === 0) return undefined;
    const pages = await Array.fromAsync(iteratePages(parts.client, { resource, query: { ids: [record.id] } }));
    const records = pages.flatMap((page) => page.records);
    return family.evaluateRecords(records, names, reading({ type: 'replay', original: cause }));
  }

  async function send(told: readonly RuleEvaluation[], cause: OriginalCause, readSeq: number): Promise<RecordResult[]> {
    return parts.deliver(told, {
      cause: { type: 'replay', original: cause },
      readSeq,
      lane: 'realtime',
      signal: AbortSignal.timeout(parts.deadlineMs),
      failures: 'keep',
    });
  }

  async function again(about: Pick<DeadLetter, 'record' | 'rule' | 'cause'>): Promise<ReplayResult> {
    const { cause, record, rule } = about;
    if (!cause || !record) return { outcome: 'not-replayable', reason: 'nobody could read what it was about' };
    const readSeq = parts.nextReadSeq();
    try {
      const told = await (cause.type === 'message' ? askMessage(cause, rule) : askRecord(about, cause));
      if (!told) return { outcome: 'not-replayable', reason: 'its rule does not wake any more with these settings' };
      return outcomeOf(await send(told, cause, readSeq));
    } catch (thrown) {
      if (thrown instanceof CommercetoolsError) return { outcome: 'unavailable', reason: thrown.message };
      throw thrown;
    }
  }

  async function one(letter: DeadLetter): Promise<ReplayResult> {
    const replayed = await again(letter);
    // Refused for another reason by now, it is another letter.
    const over = replayed.outcome === 'kept' ? !replayed.codes.includes(letter.code) : isThrough(replayed);
    if (over) await parts.deadLetters.discard(letter.id);
    return replayed;
  }

  return {
    again,
    one,
    async all(kind, from) {
      const total: ReplaySummary = { delivered: 0, gone: 0, kept: 0, notReplayable: 0 };
      let after = from;
      let tried = 0;
      for await (const letter of parts.deadLetters.list(kind, from)) {
        if (tried >= maxAtOnce) return { ...total, ...(after === undefined ? {} : { after }) };
        const replayed = await one(letter);
        if (replayed.outcome === 'unavailable')
          return { ...total, unavailable: replayed.reason, ...(after === undefined ? {} : { after }) };
        total[replayed.outcome === 'not-replayable' ? 'notReplayable' : replayed.outcome] += 1;
        after = letter.id;
        tried += 1;
      }
      return total;
    },
  };
}

function isThrough({ outcome }: ReplayResult): boolean {
  return outcome === 'delivered' || outcome === 'gone';
}

function outcomeOf(results: readonly RecordResult[]): ReplayResult {
  const verdict = verdictOf({
    receipts: results.flatMap(({ receipts }) => receipts),
    skips: results.flatMap(({ skips }) => skips),
    kept: results.flatMap(({ deadLettered: kept }) => kept),
  });
  switch (verdict.answer) {
    case 'done':
      return { outcome: 'delivered' };
    case 'again':
      return { outcome: 'unavailable', reason: verdict.reason };
    case 'kept':
      return { outcome: 'kept', reason: verdict.reasons.join(', '), codes: verdict.reasons };
    case 'skipped':
      return { outcome: 'gone', reason: verdict.reasons.join(', ') || 'the record or its rule is gone' };
  }
}
