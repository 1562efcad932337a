/** What happened, as a line of the dashboard's feed: ids, rules and codes, nothing else. */
import type { AppEvent } from '../telemetry/app-events.ts';

export interface FeedLine {
  /** ISO 8601. */
  at: string;
  what: AppEvent['type'];
  /** How bad it is. */
  tone: 'good' | 'quiet' | 'bad';
  rules: string[];
  record?: { typeId: string; id: string };
  text: string;
}

/** @returns undefined for what nobody would look for */
export function feedLine(happened: AppEvent, now: Date): FeedLine | undefined {
  const line = (tone: FeedLine['tone'], text: string, about: Partial<FeedLine> = {}): FeedLine => ({
    at: now.toISOString(),
    what: happened.type,
    tone,
    rules: [],
    text,
    ...about,
  });
  switch (happened.type) {
    case 'message': {
      const { messageType: type, verdict, record, rules, reasons } = happened;
      const tone = verdict === 'done' ? 'good' : verdict === 'skipped' ? 'quiet' : 'bad';
      const why = reasons.length > 0 ? `: ${reasons.join('; ')}` : '';
      return line(tone, `${type} ${verdictWords[verdict]}${why}`, { rules, record: refOf(record) });
    }
    case 'rejected':
      return line('bad', `refused (${happened.code})`, {
        rules: rulesOf(happened.rule),
        record: refOf(happened.record),
      });
    case 'failed':
      return line('bad', `failed by our own fault (${happened.error.name})`, {
        rules: rulesOf(happened.rule),
        record: refOf(happened.record),
      });
    case 'partially-sent':
      return line('quiet', `left out (${happened.warning.code})`, {
        rules: rulesOf(happened.rule),
        record: refOf(happened.record),
      });
    case 'run':
      return line(
        happened.state === 'failed' ? 'bad' : 'quiet',
        `${happened.kind} of ${happened.resource} ${happened.state}`,
      );
    case 'unreadable':
    case 'invalid-envelope':
    case 'push-unauthorized':
    case 'action-required':
      return line('bad', `${happened.type}: ${happened.reason}`);
    case 'warning':
      return line('quiet', happened.detail);
    default:
      return undefined;
  }
}

const verdictWords = {
  done: 'delivered',
  skipped: 'skipped',
  kept: 'kept as a dead letter',
  again: 'comes again',
} as const;

/** A rule's name is empty where nothing could be read. */
function rulesOf(rule: string): string[] {
  return rule === '' ? [] : [rule];
}

function refOf({ typeId, id }: { typeId: string; id: string }): { typeId: string; id: string } {
  return { typeId, id };
}
