/** One message: decide, gather, write, send, verdict. */
import { LRUCache } from 'lru-cache';
import { ReadFailure } from '../../commercetools/errors.ts';
import type { Look } from '../../commercetools/lookups/types.ts';
import type { Message } from '../../commercetools/messages.ts';
import { causeOf } from '../../rules/cause.ts';
import { createDecide, type Decision } from '../../rules/select-rules.ts';
import type { RuleSettings } from '../../rules/settings.ts';
import type { Cause, RuleFamily, Told } from '../../rules/types.ts';
import { StoreFailure } from '../../store/store.ts';
import type { Activity } from '../../telemetry/app-events.ts';
import { inSpan } from '../../telemetry/span.ts';
import type { Deliver } from '../delivery/deliver.ts';
import { type Verdict, verdictOf } from '../delivery/verdict.ts';

export interface RealtimeParts {
  families: readonly RuleFamily[];
  settings: RuleSettings;
  look: Look;
  deliver: Deliver;
  activity: Activity;
  /** Counts up at each call; shared by all lanes. */
  nextRead(): number;
  now(): Date;
  deadlineMs: number;
  /** Tries of a message that fails by our own fault before it is kept. */
  mostTries: number;
  /** Messages under way at most; what comes beyond is the broker's to hold. */
  mostUnderWay: number;
  /** Milliseconds that a message of this resource would have to wait for its turn at Klaviyo. */
  backlogMs(typeId: string): number;
}

export interface Realtime {
  /**
   * @param tries how often the broker says that it has delivered this message; counted here where it does not
   * @returns the verdict; never rejects
   */
  handle(message: Message, tries?: number): Promise<Verdict>;
  /** Resolves when no message is under way. */
  settled(): Promise<void>;
}

const mostCounted = 10_000;
/** Part of the deadline that may be spent waiting for a turn; the rest is for reading and sending. */
export const admittedPart = 0.6;

interface Work {
  cause: Cause;
  readAt: number;
  signal: AbortSignal;
  tries: number;
}

export function createRealtime(parts: RealtimeParts): Realtime {
  const decide = createDecide(parts.families, parts.settings);
  const underWay = new Map<string, Promise<Verdict>>();
  const triesOf = new LRUCache<string, number>({ max: mostCounted });

  async function tell(message: Message, decision: Decision, cause: Cause): Promise<Told[]> {
    const reading = { look: parts.look, cause, at: parts.now(), settings: parts.settings };
    const told = await inSpan('gather', {}, () =>
      Promise.all([...decision].map(([family, names]) => family.tellMessage(message, names, reading))),
    );
    return told.flat();
  }

  /** Sends what was told; what failed by our own fault comes again, until the last try keeps it. */
  async function finish(told: readonly Told[], { cause, readAt, signal, tries }: Work): Promise<Verdict> {
    const failures = tries >= parts.mostTries ? 'keep' : 'return';
    const results = await parts.deliver(told, { cause, readAt, lane: 'realtime', signal, failures });
    if (failures === 'return' && results.some((result) => result.failures.length > 0)) {
      return { answer: 'again', reason: 'failed by our own fault' };
    }
    return verdictOf({
      receipts: results.flatMap(({ receipts }) => receipts),
      skips: results.flatMap(({ skips }) => skips),
      kept: results.flatMap(({ kept }) => kept),
    });
  }

  async function work(message: Message, decision: Decision, tries: number): Promise<Verdict> {
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), parts.deadlineMs);
    const { signal } = late;
    const about: Work = { cause: causeOf(message), readAt: parts.nextRead(), signal, tries };
    const told = tell(message, decision, about.cause).catch((thrown: unknown): Told[] => {
      // A look-up that commercetools will never answer is our own fault, and would come again for ever.
      if (thrown instanceof ReadFailure && thrown.kind !== 'refused') throw thrown;
      const error = thrown instanceof Error ? thrown : new Error(String(thrown));
      return [{ outcome: 'failed', record: message.resource, rule: '', error }];
    });
    return orLate(
      told.then((said) => finish(said, about)),
      signal,
    )
      .catch(unableOf)
      .finally(() => clearTimeout(timer));
  }

  /** What can't be answered in time is refused at once: a broker holds it better than our memory. */
  function refusal(decision: Decision): Verdict | undefined {
    const most = parts.deadlineMs * admittedPart;
    const backlogMs = Math.max(0, ...[...decision.keys()].map(({ typeId }) => parts.backlogMs(typeId)));
    if (underWay.size <= parts.mostUnderWay && backlogMs <= most) return undefined;
    return {
      answer: 'again',
      reason: 'more waits than can be sent in time',
      retryAfterMs: Math.max(1_000, backlogMs - most),
    };
  }

  async function decided(message: Message, tries: number): Promise<Verdict> {
    const decision = decide(message);
    const arrived = parts.now().getTime();
    const verdict =
      decision.size === 0 ? noRule(message) : (refusal(decision) ?? (await work(message, decision, tries)));
    if (verdict.answer === 'again' && verdict.alarm) parts.activity.tell({ what: 'alarm', reason: verdict.reason });
    parts.activity.tell({
      what: 'message',
      type: message.type,
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
    handle(message, tries) {
      // A redelivery while the first is still under way joins it.
      const known = underWay.get(message.id);
      if (known) return known;
      const counted = tries ?? (triesOf.get(message.id) ?? 0) + 1;
      triesOf.set(message.id, counted);
      const verdict = decided(message, counted).finally(() => underWay.delete(message.id));
      underWay.set(message.id, verdict);
      return verdict;
    },
    async settled() {
      await Promise.all(underWay.values());
    },
  };
}

function noRule({ type, resource }: Message): Verdict {
  return { answer: 'skipped', reasons: [`no rule wakes on ${type} of ${resource.typeId}`] };
}

function reasonsOf(verdict: Verdict): string[] {
  if (verdict.answer === 'done') return [];
  return verdict.answer === 'again' ? [verdict.reason] : verdict.reasons;
}

/** The verdict, or that the caller's patience ended first; what is under way may still finish. */
function orLate(verdict: Promise<Verdict>, signal: AbortSignal): Promise<Verdict> {
  const late = Promise.withResolvers<Verdict>();
  signal.addEventListener(
    'abort',
    () => late.resolve({ answer: 'again', reason: 'it took longer than realtime.deadlineSeconds' }),
    { once: true },
  );
  return Promise.race([verdict, late.promise]);
}

/** commercetools can't be read now. Anything else that was thrown on the way is unknown, and unknown means again. */
function unableOf(thrown: unknown): Verdict {
  if (thrown instanceof StoreFailure)
    return { answer: 'again', reason: `what follows can't be stored: ${thrown.message}` };
  if (!(thrown instanceof ReadFailure)) return { answer: 'again', reason: 'failed by our own fault' };
  const alarm = thrown.kind === 'key-refused' || thrown.kind === 'missing-scope';
  return {
    answer: 'again',
    reason: thrown.message,
    ...(alarm ? { alarm } : {}),
    ...(thrown.retryAfterMs === undefined ? {} : { retryAfterMs: thrown.retryAfterMs }),
  };
}
