/** Processes one message: select rules → evaluate → deliver → verdict. */

import { CommercetoolsError } from '../../commercetools/errors.ts';
import type { Message } from '../../commercetools/messages.ts';
import type { RecentVersions } from '../../commercetools/recent-versions.ts';
import type { Lane } from '../../klaviyo/api/rate-limiter.ts';
import type { Sink } from '../../klaviyo/sink.ts';
import { LookupUnavailable, messageOf, toError } from '../../lib/errors.ts';
import { createLruCache } from '../../lib/lru-cache.ts';
import { omitUndefined } from '../../lib/omit-undefined.ts';
import { withTimeout } from '../../lib/timeout.ts';
import { causeOf } from '../../rules/cause.ts';
import { changeKindsOf, type RuleSelection, type SelectRules } from '../../rules/select-rules.ts';
import type { Verdict } from '../../sources/source.ts';
import { StoreError } from '../../store/store.ts';
import type { AppEvents } from '../../telemetry/app-events.ts';
import type { Deliver } from '../delivery/deliver.ts';
import { entryOf, logDeliveries } from '../delivery/delivery-entries.ts';
import type { DeliveryLog } from '../delivery/delivery-log.ts';
import type { Evaluate } from '../delivery/evaluate.ts';
import { internalError, outcomeOf, reasonsOf, toVerdict } from '../delivery/verdict.ts';
import type { ImportWatch } from './import-watch.ts';

export interface RealtimeDeps {
  selectRules: Pick<SelectRules, 'forMessage'>;
  evaluate: Evaluate;
  deliver: Deliver;
  sink: Pick<Sink, 'estimateWaitMs'>;
  events: AppEvents;
  recentVersions: Pick<RecentVersions, 'note'>;
  /** Increases with each call; shared by all lanes. */
  nextReadSeq(): number;
  now(): Date;
  deadlineMs: number;
  /** Attempts of a message that fails by an internal error, before it becomes a dead letter. */
  maxAttempts: number;
  /** Maximum in-flight messages; more are left to the broker. */
  maxInFlight: number;
  /** Why no message may be taken now; undefined: it may. */
  shedReason?(): string | undefined;
  /** Absent: imports are not counted. */
  importWatch?: ImportWatch;
  deliveryLog: Pick<DeliveryLog, 'add'>;
}

export interface Realtime {
  /**
   * @param deliveries how often the broker has delivered the message, if it says so
   * @returns the verdict, no later than the deadline; never rejects
   */
  process(message: Message, deliveries?: number): Promise<Verdict>;
  /** Resolves when no message is in flight, including those whose deadline has passed. */
  settled(): Promise<void>;
}

/** Share of the deadline that a message may wait for its turn at Klaviyo; the rest is for reading and sending. */
export const maxQueueShare = 0.6;

const minRetryMs = 1_000;
/** Garbage collection frees memory within seconds, if there is memory to free. */
const shedRetryMs = 5_000;

/** A broker redelivers within minutes what it got no acknowledgement for. */
const lateAcks = { max: 10_000, ttl: 600_000 };

const deadlinePassed: Verdict = { ack: false, reason: 'it took longer than realtime.deadlineSeconds' };

export function createRealtime(deps: RealtimeDeps): Realtime {
  /** By message id, until the work has ended, which may be after the deadline. */
  const inFlight = new Map<string, Promise<Verdict>>();
  const attempts = createAttempts();
  /**
   * By message id, verdicts that came after the deadline, when the broker had its answer to redeliver: the redelivery is
   * acknowledged and nothing is sent again.
   */
  const acknowledgedLate = createLruCache<string, Verdict>(lateAcks);

  async function processMessage(
    message: Message,
    rules: RuleSelection,
    signal: AbortSignal,
    { attempt, deliveries = attempt }: { attempt: number; deliveries: number | undefined },
  ) {
    const cause = causeOf(message);
    deps.recentVersions.note(message.resource.id, message.resourceVersion);
    const readSeq = deps.nextReadSeq();
    const onInternalError = attempt >= deps.maxAttempts ? 'dead-letter' : 'return';
    const options = { cause, readSeq, lane: laneOf(message), signal, onInternalError, attempt: deliveries } as const;
    try {
      const evaluations = await deps.evaluate({ message }, rules, cause);
      deps.importWatch?.observe(message, evaluations);
      return toVerdict(await deps.deliver(evaluations, options));
    } catch (thrown) {
      if (isUnavailable(thrown)) {
        const { typeId, id } = message.resource;
        const result = { outcome: 'retried', reason: messageOf(thrown) } as const;
        logDeliveries(deps.deliveryLog, options.lane, () => [
          entryOf({ record: { typeId, id }, rule: '' }, result, options),
        ]);
        return verdictForError(thrown);
      }
      // Counts as a rule that failed, so that the last attempt stores a dead letter.
      const failed = { outcome: 'failed', record: message.resource, rule: '', error: toError(thrown) } as const;
      return toVerdict(await deps.deliver([failed], options));
    }
  }

  function start(message: Message, rules: RuleSelection, deliveries: number | undefined): Promise<Verdict> {
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(), deps.deadlineMs);
    const attempt = attempts.next(message.id, deliveries);
    const work = processMessage(message, rules, deadline.signal, { attempt, deliveries })
      .catch(verdictForError)
      .then((verdict) => {
        if (verdict.ack && deadline.signal.aborted) acknowledgedLate.set(message.id, verdict);
        if (verdict.ack) attempts.forget(message.id);
        else if (verdict === internalError) attempts.add(message.id, 'failed');
        else attempts.add(message.id, 'notCounted');
        return verdict;
      })
      .finally(() => {
        clearTimeout(timer);
        inFlight.delete(message.id);
      });
    inFlight.set(message.id, work);
    return work;
  }

  /** @returns a verdict if the message has to wait too long: a broker holds messages better than this process's memory */
  function overloadVerdict(rules: RuleSelection, lane: Lane): Verdict | undefined {
    const shedReason = deps.shedReason?.();
    if (shedReason !== undefined) return { ack: false, reason: shedReason, retryAfterMs: shedRetryMs };
    const maxWaitMs = deps.deadlineMs * maxQueueShare;
    const waitMs = Math.max(0, ...changeKindsOf(rules).map((kind) => deps.sink.estimateWaitMs(kind, lane)));
    if (waitMs > maxWaitMs) {
      const retryAfterMs = Math.max(minRetryMs, waitMs - maxWaitMs);
      return { ack: false, reason: 'the backlog exceeds realtime.deadlineSeconds', retryAfterMs };
    }
    if (inFlight.size < deps.maxInFlight) return undefined;
    return { ack: false, reason: 'realtime.maxInFlight messages are in flight', retryAfterMs: minRetryMs };
  }

  async function admit(message: Message, rules: RuleSelection, deliveries: number | undefined): Promise<Verdict> {
    if (rules.size === 0) return noRule(message);
    const acknowledged = acknowledgedLate.get(message.id);
    if (acknowledged) return acknowledged;
    // A redelivery of a message that is in flight joins it.
    const joined = inFlight.get(message.id) ?? overloadVerdict(rules, laneOf(message));
    if (joined) attempts.add(message.id, 'notCounted');
    return joined ?? start(message, rules, deliveries);
  }

  async function processWithEvents(message: Message, deliveries: number | undefined): Promise<Verdict> {
    const rules = deps.selectRules.forMessage(message);
    const arrivedAt = deps.now().getTime();
    // Starts before the work's own deadline, so that it answers first.
    const verdict = await withTimeout(() => admit(message, rules, deliveries), deps.deadlineMs, deadlinePassed);
    if (!verdict.ack && verdict.actionRequired) deps.events.emit({ type: 'action-required', reason: verdict.reason });
    deps.events.emit({
      type: 'message',
      messageType: message.type,
      messageId: message.id,
      createdAt: message.createdAt,
      record: message.resource,
      rules: [...rules.values()].flatMap((names) => [...names]),
      outcome: outcomeOf(verdict),
      reasons: reasonsOf(verdict),
      tookMs: deps.now().getTime() - arrivedAt,
    });
    return verdict;
  }

  return {
    async process(message, deliveries) {
      try {
        return await processWithEvents(message, deliveries);
      } catch (thrown) {
        deps.events.emit({ type: 'failed', record: message.resource, rule: '', error: toError(thrown) });
        return internalError;
      }
    },
    async settled() {
      await Promise.all(inFlight.values());
    },
  };
}

const maxCountedMessages = 10_000;

/**
 * Counts attempts by message. Only attempts that failed by an internal error count: a delivery that was refused because
 * of overload, joined another one, or met an unavailable API does not use up an attempt.
 */
function createAttempts() {
  const counts = createLruCache<string, { failed: number; notCounted: number }>({ max: maxCountedMessages });
  const of = (id: string) => counts.get(id) ?? { failed: 0, notCounted: 0 };
  return {
    /** @param deliveries the broker's count, from which the deliveries that were no attempts are subtracted */
    next(id: string, deliveries = 0): number {
      const { failed, notCounted } = of(id);
      return Math.max(failed + 1, deliveries - notCounted);
    },
    add(id: string, kind: 'failed' | 'notCounted'): void {
      const count = of(id);
      counts.set(id, { ...count, [kind]: count[kind] + 1 });
    },
    forget: (id: string) => counts.delete(id),
  };
}

/** An order must not wait behind carts. */
function laneOf({ resource }: Message): Lane {
  return resource.typeId === 'cart' ? 'cart' : 'realtime';
}

function noRule({ type, resource }: Message): Verdict {
  return { ack: true, outcome: 'skipped', reasons: [`no rule is triggered by ${type} of ${resource.typeId}`] };
}

/** A request that commercetools rejects is an internal error: it would fail the same way on each retry. */
function isUnavailable(thrown: unknown): boolean {
  return (
    thrown instanceof StoreError ||
    thrown instanceof LookupUnavailable ||
    (thrown instanceof CommercetoolsError && thrown.type !== 'rejected')
  );
}

function verdictForError(thrown: unknown): Verdict {
  if (thrown instanceof StoreError)
    return { ack: false, reason: `a follow-up run or an erasure can't be stored: ${thrown.message}` };
  if (thrown instanceof LookupUnavailable) {
    const { message: reason, actionRequired, retryAfterMs } = thrown;
    return omitUndefined({ ack: false as const, reason, actionRequired: actionRequired || undefined, retryAfterMs });
  }
  if (!(thrown instanceof CommercetoolsError)) return internalError;
  const { message: reason, type, retryAfterMs } = thrown;
  const actionRequired = type === 'unauthorized' || type === 'forbidden' || undefined;
  return omitUndefined({ ack: false as const, reason, actionRequired, retryAfterMs });
}
