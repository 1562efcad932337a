/** From a delivery to its verdict: parses it, hands it to realtime, keeps what nobody can read. Never rejects. */

import type { Message } from '../../commercetools/messages.ts';
import { parseMessage } from '../../commercetools/messages.ts';
import type { Handle } from '../../sources/source.ts';
import type { AppEvents } from '../../telemetry/app-events.ts';
import { inSpan, withTrace } from '../../telemetry/span.ts';
import type { DeadLetters } from '../delivery/dead-letters.ts';
import type { Verdict } from '../delivery/verdict.ts';
import type { Realtime } from './process-message.ts';

export interface HandleDeliveryDeps {
  realtime: Realtime;
  deadLetters: DeadLetters;
  activity: AppEvents;
}

export function createHandleDelivery({ realtime, deadLetters, activity }: HandleDeliveryDeps): Handle {
  function traced(message: Message, tries: number | undefined, source: string): Promise<Verdict> {
    const about = {
      'ctk.source': source,
      'messaging.message.id': message.id,
      'ctk.message.type': message.type,
      'ctk.record.type': message.resource.typeId,
      'ctk.record.id': message.resource.id,
    };
    return inSpan('message', about, async (span) => {
      const verdict = await realtime.handle(message, tries);
      span.setAttribute('ctk.verdict', verdict.answer);
      return verdict;
    });
  }

  const receive: Handle = async ({ body, source, brokerId, tries, trace, fingerprint }) => {
    const parsed = parseMessage(body);
    if (parsed.type === 'message') return withTrace(trace, () => traced(parsed.message, tries, source));
    if (parsed.type === 'ignored') {
      activity.emit({ type: 'delivery-ignored', reason: parsed.reason });
      return { answer: 'skipped', reasons: [parsed.reason] };
    }
    activity.emit({ type: 'unreadable', source, reason: parsed.reason });
    const { size, hash } = fingerprint();
    const origin = [source, brokerId ?? '-', hash, `${size} bytes`].join(' ');
    const stored = await deadLetters.keep({ rule: '', code: 'unreadable', detail: parsed.reason, source: origin });
    if (stored !== 'kept') return { answer: 'again', reason: stored.reason };
    return { answer: 'kept', reasons: [parsed.reason] };
  };

  // A source relies on a verdict: a rejection would leave a delivery that is neither acknowledged nor given back.
  return async (delivery) => {
    try {
      return await receive(delivery);
    } catch (thrown) {
      const why = thrown instanceof Error ? thrown.name : 'unknown';
      activity.emit({ type: 'warning', detail: `a delivery from ${delivery.source} failed by our own fault: ${why}` });
      return { answer: 'again', reason: 'failed by our own fault' };
    }
  };
}
