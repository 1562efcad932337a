/** One message: decide, gather, write, send, verdict. */
import { LRUCache } from 'lru-cache';
import { CommercetoolsError } from '../../commercetools/errors.ts';
import type { Lookups } from '../../commercetools/lookups/types.ts';
import type { Message } from '../../commercetools/messages.ts';
import { causeOf } from '../../rules/cause.ts';
import { createRuleSelector, type RuleSelection } from '../../rules/select-rules.ts';
import type { RuleSettings } from '../../rules/settings.ts';
import type { Cause, RuleEvaluation, RuleGroup } from '../../rules/types.ts';
import { StoreFailure } from '../../store/store.ts';
import type { AppEvents } from '../../telemetry/app-events.ts';
import { inSpan } from '../../telemetry/span.ts';
import type { Deliver } from '../delivery/deliver.ts';
import { type Verdict, verdictOf } from '../delivery/verdict.ts';

export interface RealtimeDeps {
  groups: readonly RuleGroup[];
  settings: RuleSettings;
  lookups: Lookups;
  deliver: Deliver;
  activity: AppEvents;
  /** Counts up at each call; shared by all lanes. */
  nextReadSeq(): number;
  now(): Date;
  deadlineMs: number;
  /** Tries of a message that fails by our own fault before it is kept. */
  maxAttempts: number;
  /** Messages under way at most; what comes beyond is the broker's to hold. */
  maxInFlight: number;
  /** Milliseconds that a message of this resource would have to wait for its turn at Klaviyo. */
  estimateWaitMs(typeId: string): number;
}

export interface Realtime {
  /**
   * @param tries how often the broker says that it has delivered this message; counted here where it does not
   * @returns the verdict, at the deadline at the latest; never rejects
   */
  handle(message: Message, tries?: number): Promise<Verdict>;
  /** Resolves when no message is under way, those that were answered at their deadline included. */
  settled(): Promise<void>;
}

const maxCounted = 10_000;
/** Part of the deadline that may be spent waiting for a turn; the rest is for reading and sending. */
export const maxQueueShare = 0.6;

const late: Verdict = { answer: 'again', reason: 'it took longer than realtime.deadlineSeconds' };
const internalError: Verdict = { answer: 'again', reason: 'failed by our own fault' };

interface Work {
  message: Message;
  cause: Cause;
  readSeq: number;
  /** Aborted at the deadline: withdraws what is not in a request yet. */
  signal: AbortSignal;
  /** 1 for the first one. */
  attempt: number;
}

interface Result {
  verdict: Verdict;
  /** By an internal error. */
  failed: boolean;
}

export function createRealtime(parts: RealtimeDeps): Realtime {
  const decide = createRuleSelector(parts.groups, parts.settings);
  /** By message id, until its work has ended: also past the deadline. */
  const inFlight = new Map<string, Promise<Verdict>>();
  const attempts = createAttempts();

  async function tell({ message, cause }: Work, decision: RuleSelection): Promise<RuleEvaluation[]> {
    const reading = { lookups: parts.lookups, cause, at: parts.now(), settings: parts.settings };
    const told = await inSpan('gather', {}, () =>
      Promise.all([...decision].map(([family, names]) => family.evaluateMessage(message, names, reading))),
    );
    return told.flat();
  }

  /** Sends what was told; what failed by an internal error comes again, until the last attempt keeps it. */
  async function finish(told: readonly RuleEvaluation[], { cause, readSeq, signal, attempt }: Work): Promise<Result> {
    const failures = attempt >= parts.maxAttempts ? 'keep' : 'return';
    const results = await parts.deliver(told, { cause, readSeq, lane: 'realtime', signal, failures });
    const failed = results.some((result) => result.errors.length > 0);
    if (failed && failures === 'return') return { verdict: internalError, failed };
    const verdict = verdictOf({
      receipts: results.flatMap(({ receipts }) => receipts),
      skips: results.flatMap(({ skips }) => skips),
      kept: results.flatMap(({ deadLettered: kept }) => kept),
    });
    return { verdict, failed };
  }

  /** Tells and sends. An API or a store that can't answer rejects; any other error counts as a failed rule. */
  async function run(work: Work, decision: RuleSelection): Promise<Result> {
    try {
      return await finish(await tell(work, decision), work);
    } catch (thrown) {
      if (isUnavailable(thrown)) throw thrown;
      return finish([{ outcome: 'failed', record: work.message.resource, rule: '', error: toError(thrown) }], work);
    }
  }

  function begin(message: Message, decision: RuleSelection, tries: number | undefined): Promise<Verdict> {
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(), parts.deadlineMs);
    const attempt = attempts.next(message.id, tries);
    const { signal } = deadline;
    const ended = run({ message, cause: causeOf(message), readSeq: parts.nextReadSeq(), signal, attempt }, decision)
      .catch(verdictForError)
      .then(({ verdict, failed }) => {
        if (verdict.answer !== 'again' && !signal.aborted) attempts.forget(message.id);
        else if (failed) attempts.failed(message.id);
        else attempts.noAttempt(message.id);
        return verdict;
      })
      .finally(() => {
        clearTimeout(timer);
        inFlight.delete(message.id);
      });
    inFlight.set(message.id, ended);
    return ended;
  }

  /** What can't be answered in time is refused at once: a broker holds it better than our memory. */
  function overloadVerdict(decision: RuleSelection): Verdict | undefined {
    const most = parts.deadlineMs * maxQueueShare;
    const estimateWaitMs = Math.max(0, ...[...decision.keys()].map(({ typeId }) => parts.estimateWaitMs(typeId)));
    if (inFlight.size < parts.maxInFlight && estimateWaitMs <= most) return undefined;
    return {
      answer: 'again',
      reason: 'more waits than can be sent in time',
      retryAfterMs: Math.max(1_000, estimateWaitMs - most),
    };
  }

  async function decided(message: Message, decision: RuleSelection, tries: number | undefined): Promise<Verdict> {
    if (decision.size === 0) return noRule(message);
    // A redelivery while the first is still under way joins it.
    const known = inFlight.get(message.id);
    const refused = known ? undefined : overloadVerdict(decision);
    if (known || refused) attempts.noAttempt(message.id);
    return known ?? refused ?? begin(message, decision, tries);
  }

  async function answer(message: Message, tries: number | undefined): Promise<Verdict> {
    const decision = decide(message);
    const arrived = parts.now().getTime();
    const verdict = await inTime(parts.deadlineMs, () => decided(message, decision, tries));
    if (verdict.answer === 'again' && verdict.actionRequired)
      parts.activity.emit({ type: 'action-required', reason: verdict.reason });
    parts.activity.emit({
      type: 'message',
      messageType: message.type,
      messageId: message.id,
      createdAt: message.createdAt,
      record: message.resource,
      rules: [...decision.values()].flatMap((names) => [...names]),
      verdict: verdict.answer,
      reasons: reasonsOf(verdict),
      tookMs: parts.now().getTime() - arrived,
    });
    return verdict;
  }

  return {
    async handle(message, tries) {
      try {
        return await answer(message, tries);
      } catch (thrown) {
        parts.activity.emit({ type: 'failed', record: message.resource, rule: '', error: toError(thrown) });
        return internalError;
      }
    },
    async settled() {
      await Promise.all(inFlight.values());
    },
  };
}

/**
 * Counts attempts by message. Only those that failed by an internal error count: a delivery that was refused by overload,
 * joined another one or met an API that could not answer leaves as many attempts as before.
 */
function createAttempts() {
  const counted = new LRUCache<string, { failed: number; others: number }>({ max: maxCounted });
  const of = (id: string) => counted.get(id) ?? { failed: 0, others: 0 };
  return {
    /** @param tries deliveries by the broker's count: those that this process knows to be no attempts are subtracted */
    next(id: string, tries = 0): number {
      const { failed, others } = of(id);
      return Math.max(failed + 1, tries - others);
    },
    failed(id: string): void {
      const { failed, others } = of(id);
      counted.set(id, { failed: failed + 1, others });
    },
    noAttempt(id: string): void {
      const { failed, others } = of(id);
      counted.set(id, { failed, others: others + 1 });
    },
    forget: (id: string) => counted.delete(id),
  };
}

function noRule({ type, resource }: Message): Verdict {
  return { answer: 'skipped', reasons: [`no rule wakes on ${type} of ${resource.typeId}`] };
}

function reasonsOf(verdict: Verdict): string[] {
  if (verdict.answer === 'done') return [];
  return verdict.answer === 'again' ? [verdict.reason] : verdict.reasons;
}

/** The verdict, or that it took too long; what is under way then goes on. */
async function inTime(deadlineMs: number, verdict: () => Promise<Verdict>): Promise<Verdict> {
  const passed = Promise.withResolvers<Verdict>();
  // Begins before the work, whose own deadline would else answer first, with what it withdraws.
  const timer = setTimeout(() => passed.resolve(late), deadlineMs);
  try {
    return await Promise.race([verdict(), passed.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** A look-up that commercetools will never answer is an internal error, and would come again for ever. */
function isUnavailable(thrown: unknown): boolean {
  return thrown instanceof StoreFailure || (thrown instanceof CommercetoolsError && thrown.type !== 'rejected');
}

/** commercetools or the store can't be asked now. Anything else that was thrown is unknown, and unknown means again. */
function verdictForError(thrown: unknown): Result {
  if (thrown instanceof StoreFailure)
    return { verdict: { answer: 'again', reason: `what follows can't be stored: ${thrown.message}` }, failed: false };
  if (!(thrown instanceof CommercetoolsError)) return { verdict: internalError, failed: true };
  const { message: reason, type: kind, retryAfterMs } = thrown;
  const actionRequired = kind === 'unauthorized' || kind === 'forbidden';
  const verdict: Verdict = {
    answer: 'again',
    reason,
    ...(actionRequired ? { actionRequired } : {}),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
  return { verdict, failed: false };
}

function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
