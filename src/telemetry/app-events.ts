/**
 * What event, as typed events: one call tells it, and log line, counts and listeners all come from that call. Holds
 * ids, counts and codes only, never personal data.
 */
import type { Logger } from 'pino';

interface RecordRef {
  typeId: string;
  id: string;
}

export type AppEvent =
  /** `extension`: the merchant's ctk.config.ts in force, with what it holds. */
  | { type: 'started'; ports: string[]; serves: string; extension?: { file: string; hooks: string[]; rules: string[] } }
  | { type: 'stopping'; reason: string }
  | { type: 'stopped' }
  | { type: 'warning'; detail: string }
  /** A message and what became of it. Milliseconds from its arrival. */
  | {
      type: 'message';
      messageType: string;
      messageId: string;
      /** When it event in commercetools, ISO 8601. */
      createdAt: string;
      record: RecordRef;
      rules: string[];
      outcome: 'delivered' | 'skipped' | 'dead-lettered' | 'retried';
      reasons: string[];
      tookMs: number;
    }
  /** A delivery that is about nothing we sync. */
  | { type: 'delivery-ignored'; reason: string }
  | { type: 'invalid-envelope'; reason: string }
  /** A push whose sender could not be proven. */
  | { type: 'push-unauthorized'; reason: string }
  | { type: 'unreadable'; source: string; reason: string }
  | { type: 'rejected'; record: RecordRef; rule: string; code: string; detail: string; field?: string }
  | { type: 'failed'; record: RecordRef; rule: string; error: Error }
  | { type: 'partially-sent'; record: RecordRef; rule: string; warning: { code: string; detail: string } }
  | { type: 'run'; runId: string; resource: string; kind: string; state: string; read: number; problem?: string }
  /** A sync was due at that time; skipped: one of the resource was running, which is the run named. */
  | { type: 'scheduled'; resource: string; at: string; outcome: 'queued' | 'skipped'; runId: string }
  | { type: 'action-required'; reason: string }
  /** What became of the changes that went to the sink together, added up. */
  | { type: 'changes'; lane: 'realtime' | 'bulk'; changes: ChangeCount[] }
  /** A request to one of the APIs; `status` is HTTP's, or `none` where no answer came. */
  | { type: 'request'; api: 'klaviyo' | 'commercetools'; endpoint: string; status: string; tookMs: number }
  | { type: 'dead-letter'; rule: string; code: string };

export interface ChangeCount {
  rule: string;
  /** `rejected-later`: delivered into a job, which then rejected it. */
  outcome: 'delivered' | 'skipped' | 'rejected' | 'failed' | 'unavailable' | 'rejected-later';
  count: number;
}

export interface AppEvents {
  /** Never throws: a listener that does is logged, and the others hear of the event all the same. */
  emit(event: AppEvent): void;
  /** Events since the start by type; messages by outcome. */
  counts(): Record<string, number>;
  /** @returns the end of listening */
  listen(listener: (event: AppEvent) => void): () => void;
}

/** @param log where each event becomes a line */
export function createAppEvents(log: Logger): AppEvents {
  const counts = new Map<string, number>();
  const listeners = new Set<(event: AppEvent) => void>();
  return {
    emit(event) {
      const name = event.type === 'message' ? `message-${event.outcome}` : event.type;
      const level = levelOf(event);
      // What is told at every request is for the metrics.
      if (level !== 'trace') counts.set(name, (counts.get(name) ?? 0) + 1);
      if (log.isLevelEnabled(level)) {
        const { type: what, ...about } = event;
        log[level](about, what);
      }
      for (const listener of listeners) {
        try {
          listener(event);
        } catch (thrown) {
          // By name only: an error's text may quote a record.
          const why = thrown instanceof Error ? thrown.name : 'unknown';
          log.error({ detail: `a listener failed at the event ${event.type}: ${why}` }, 'warning');
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

function levelOf(event: AppEvent): 'trace' | 'debug' | 'info' | 'warn' | 'error' {
  switch (event.type) {
    case 'action-required':
    case 'failed':
      return 'error';
    case 'warning':
    case 'invalid-envelope':
    case 'push-unauthorized':
    case 'unreadable':
    case 'rejected':
    case 'partially-sent':
      return 'warn';
    case 'message':
      return event.outcome === 'retried' ? 'warn' : 'info';
    case 'delivery-ignored':
      return 'debug';
    case 'changes':
    case 'request':
    case 'dead-letter':
      return 'trace';
    default:
      return 'info';
  }
}
