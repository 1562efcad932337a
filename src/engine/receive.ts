/** From a delivery to its verdict: parses it, hands it to realtime, keeps what nobody can read. */
import type { Activity } from '../activity.ts';
import { parseMessage } from '../commercetools/messages.ts';
import type { Handle } from '../sources/source.ts';
import type { DeadLetters } from './dead-letters.ts';
import type { Realtime } from './realtime.ts';

export interface ReceiveParts {
  realtime: Realtime;
  deadLetters: DeadLetters;
  activity: Activity;
}

export function createReceive({ realtime, deadLetters, activity }: ReceiveParts): Handle {
  return async ({ body, source, brokerId, tries, fingerprint }) => {
    const parsed = parseMessage(body);
    if (parsed.ok === true) return realtime.handle(parsed.message, tries);
    if (parsed.ok === 'nothing') {
      activity.tell({ what: 'nothing', reason: parsed.reason });
      return { answer: 'skipped', reasons: [parsed.reason] };
    }
    activity.tell({ what: 'unreadable', source, reason: parsed.reason });
    const { size, hash } = fingerprint();
    const origin = [source, brokerId ?? '-', hash, `${size} bytes`].join(' ');
    const stored = await deadLetters.keep({ rule: '', code: 'unreadable', detail: parsed.reason, source: origin });
    if (stored !== 'kept') return { answer: 'again', reason: stored.reason };
    return { answer: 'kept', reasons: [parsed.reason] };
  };
}
