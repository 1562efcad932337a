/** Formats events as lines of the dashboard's activity feed. They hold ids, rules and codes only. */
import { shortOfMemory } from '../lib/memory-guard.ts';
import type { AppEvent } from '../telemetry/app-events.ts';

type RecordRef = { typeId: string; id: string };

export interface FeedLine {
  /** ISO 8601. */
  at: string;
  type: AppEvent['type'];
  tone: 'good' | 'quiet' | 'bad';
  rules: string[];
  record?: RecordRef;
  text: string;
}

export function feedLine(event: AppEvent, now: Date): FeedLine | undefined {
  const line = (tone: FeedLine['tone'], text: string, refs: Partial<FeedLine> = {}): FeedLine => ({
    at: now.toISOString(),
    type: event.type,
    tone,
    rules: [],
    text,
    ...refs,
  });
  switch (event.type) {
    case 'message': {
      const { messageType, outcome, record, rules, reasons } = event;
      const reason = reasons.length > 0 ? `: ${reasons.join('; ')}` : '';
      return line(toneOf[outcome], `${messageType} ${outcome}${reason}`, { rules, record: refOf(record) });
    }
    case 'rejected':
      return line('bad', `rejected (${event.code})`, refsOf(event));
    case 'failed':
      return line('bad', `internal error (${event.error.name})`, refsOf(event));
    case 'partially-sent':
      return line('quiet', `partially sent (${event.warning.code})`, refsOf(event));
    case 'run':
      return line(event.state === 'failed' ? 'bad' : 'quiet', `${event.kind} of ${event.resource} ${event.state}`);
    case 'unreadable':
    case 'invalid-envelope':
    case 'push-unauthorized':
    case 'action-required':
      return line('bad', `${event.type}: ${event.reason}`);
    case 'load-shedding':
      return line(event.isShedding ? 'bad' : 'quiet', event.isShedding ? shortOfMemory : 'memory is free again');
    case 'warning':
      return line('quiet', event.detail);
    default:
      return undefined;
  }
}

const toneOf = { delivered: 'good', skipped: 'quiet', 'dead-lettered': 'bad', retried: 'bad' } as const;

/** The rule of an unreadable message is an empty string. */
function refsOf({ rule, record }: { rule: string; record: RecordRef }): Pick<FeedLine, 'rules' | 'record'> {
  return { rules: rule === '' ? [] : [rule], record: refOf(record) };
}

function refOf({ typeId, id }: RecordRef): RecordRef {
  return { typeId, id };
}
