/** Handles one delivery: parses it, processes its message, stores a dead letter for unreadable content. Never rejects. */
import { type Message, parseMessage } from '../../commercetools/messages.ts';
import { codeOf } from '../../lib/errors.ts';
import type { Handle, Verdict } from '../../sources/source.ts';
import type { AppEvents } from '../../telemetry/app-events.ts';
import { inSpan, withTrace } from '../../telemetry/span.ts';
import type { DeadLetters } from '../delivery/dead-letters.ts';
import { internalError, outcomeOf } from '../delivery/verdict.ts';
import type { Realtime } from './process-message.ts';

export interface HandleDeliveryDeps {
  realtime: Pick<Realtime, 'process'>;
  deadLetters: Pick<DeadLetters, 'store'>;
  events: AppEvents;
  /** Messages of another project have no effect. */
  projectKey?: string;
}

/** Unreadable deliveries of a source that are kept one by one in an hour; more are counted in one dead letter. */
const maxUnreadablePerHour = 100;
const hourMs = 60 * 60 * 1_000;

/** Keeps one sender from filling the store with dead letters. */
function createUnreadableOrigin(now: () => number = () => performance.now()) {
  const counts = new Map<string, { since: number; count: number }>();
  return (source: string, describe: () => string): string => {
    const known = counts.get(source);
    const current = known && now() - known.since < hourMs ? known : { since: now(), count: 0 };
    current.count += 1;
    counts.set(source, current);
    return current.count > maxUnreadablePerHour
      ? `${source} - more than ${maxUnreadablePerHour} in an hour`
      : describe();
  };
}

export function createHandleDelivery({ realtime, deadLetters, events, projectKey }: HandleDeliveryDeps): Handle {
  function processInSpan(message: Message, deliveries: number | undefined, source: string): Promise<Verdict> {
    const attributes = {
      'ctk.source': source,
      'messaging.message.id': message.id,
      'ctk.message.type': message.type,
      'ctk.record.type': message.resource.typeId,
      'ctk.record.id': message.resource.id,
    };
    return inSpan('message', attributes, async (span) => {
      const verdict = await realtime.process(message, deliveries);
      span.setAttribute('ctk.outcome', outcomeOf(verdict));
      return verdict;
    });
  }

  const unreadableOrigin = createUnreadableOrigin();

  const handle: Handle = async ({ body, source, brokerId, deliveries, trace, fingerprint }) => {
    const parsed = parseMessage(body, projectKey);
    if (parsed.type === 'message') return withTrace(trace, () => processInSpan(parsed.message, deliveries, source));
    if (parsed.type === 'ignored') {
      events.emit({ type: 'delivery-ignored', reason: parsed.reason });
      return { ack: true, outcome: 'skipped', reasons: [parsed.reason] };
    }
    events.emit({ type: 'unreadable', source, reason: parsed.reason });
    const origin = unreadableOrigin(source, () => {
      const { size, hash } = fingerprint();
      return [source, brokerId ?? '-', hash, `${size} bytes`].join(' ');
    });
    const stored = await deadLetters.store({ rule: '', code: 'unreadable', detail: parsed.reason, source: origin });
    if (stored !== 'stored') return { ack: false, reason: stored.reason };
    return { ack: true, outcome: 'dead-lettered', reasons: ['unreadable'] };
  };

  // A source needs a verdict: without one a delivery is neither acknowledged nor given back.
  return async (delivery) => {
    try {
      return await handle(delivery);
    } catch (thrown) {
      const detail = `internal error while handling a delivery from ${delivery.source}: ${codeOf(thrown)}`;
      events.emit({ type: 'warning', detail });
      return internalError;
    }
  };
}
