/**
 * What happened, as typed events: one call tells it, and log line, counts and listeners all come from that call. Holds
 * ids, counts and codes only, never personal data.
 */
import type { Logger } from 'pino';
import type { Receipt, Warning } from '../klaviyo/change.ts';

interface AboutRecord {
  typeId: string;
  id: string;
}

export type Happened =
  /** `extension`: the merchant's ctk.config.ts in force, with what it holds. */
  | { what: 'started'; ports: string[]; serves: string; extension?: { file: string; hooks: string[]; rules: string[] } }
  | { what: 'stopping'; reason: string }
  | { what: 'stopped' }
  | { what: 'warning'; detail: string }
  /** A message and what became of it. Milliseconds from its arrival. */
  | {
      what: 'message';
      type: string;
      messageId: string;
      /** When it happened in commercetools, ISO 8601. */
      createdAt: string;
      record: AboutRecord;
      rules: string[];
      verdict: VerdictName;
      reasons: string[];
      tookMs: number;
    }
  /** A delivery that is about nothing we sync. */
  | { what: 'nothing'; reason: string }
  | { what: 'broken-envelope'; reason: string }
  /** A push whose sender could not be proven. */
  | { what: 'refused-push'; reason: string }
  | { what: 'unreadable'; source: string; reason: string }
  | { what: 'rejected'; record: AboutRecord; rule: string; code: string; detail: string; field?: string }
  | { what: 'failed'; record: AboutRecord; rule: string; error: Error }
  | { what: 'left-out'; record: AboutRecord; rule: string; warning: Warning }
  | { what: 'run'; runId: string; resource: string; kind: string; state: string; read: number; problem?: string }
  /** A sync was due at that time; skipped: one of the resource was running, which is the run named. */
  | { what: 'scheduled'; resource: string; at: string; became: 'queued' | 'skipped'; runId: string }
  | { what: 'alarm'; reason: string }
  /** What became of the changes that went to the sink together, added up. */
  | { what: 'changes'; lane: 'realtime' | 'bulk'; changes: ChangeCount[] }
  /** A request to one of the APIs; `status` is HTTP's, or `none` where no answer came. */
  | { what: 'request'; api: 'klaviyo' | 'commercetools'; endpoint: string; status: string; tookMs: number }
  | { what: 'dead-letter'; rule: string; code: string };

export interface ChangeCount {
  rule: string;
  /** `refused-later`: one that was delivered into a job, which then refused it. */
  outcome: Receipt['outcome'] | 'refused-later';
  count: number;
}

export type VerdictName = 'done' | 'skipped' | 'kept' | 'again';

export interface Activity {
  /** Never throws: a listener that does is logged, and the others hear of the event all the same. */
  tell(happened: Happened): void;
  /** How often each kind of thing happened since the start; messages by verdict. */
  counts(): Record<string, number>;
  /** @returns the end of listening */
  listen(listener: (happened: Happened) => void): () => void;
}

/** @param log where each event becomes a line */
export function createActivity(log: Logger): Activity {
  const counts = new Map<string, number>();
  const listeners = new Set<(happened: Happened) => void>();
  return {
    tell(happened) {
      const name = happened.what === 'message' ? `message-${happened.verdict}` : happened.what;
      const level = levelOf(happened);
      // What is told at every request is for the metrics.
      if (level !== 'trace') counts.set(name, (counts.get(name) ?? 0) + 1);
      if (log.isLevelEnabled(level)) {
        const { what, ...about } = happened;
        log[level](about, what);
      }
      for (const listener of listeners) {
        try {
          listener(happened);
        } catch (thrown) {
          // By name only: an error's text may quote a record.
          const why = thrown instanceof Error ? thrown.name : 'unknown';
          log.error({ detail: `a listener failed at the event ${happened.what}: ${why}` }, 'warning');
        }
      }
    },
    counts: () => Object.fromEntries(counts),
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

function levelOf(happened: Happened): 'trace' | 'debug' | 'info' | 'warn' | 'error' {
  switch (happened.what) {
    case 'alarm':
    case 'failed':
      return 'error';
    case 'warning':
    case 'broken-envelope':
    case 'refused-push':
    case 'unreadable':
    case 'rejected':
    case 'left-out':
      return 'warn';
    case 'message':
      return happened.verdict === 'again' ? 'warn' : 'info';
    case 'nothing':
      return 'debug';
    case 'changes':
    case 'request':
    case 'dead-letter':
      return 'trace';
    default:
      return 'info';
  }
}
