/**
 * Typed events of the application. One `emit` writes the log line, counts the event and calls the listeners. Events hold
 * ids, counts and codes only, never personal data.
 */
import type { Logger } from 'pino';

interface RecordRef {
  typeId: string;
  id: string;
}

export type AppEvent =
  /** `extension`: the merchant's ctk.config.ts, with its hooks and rules. */
  | { type: 'started'; ports: string[]; serves: string; extension?: { file: string; hooks: string[]; rules: string[] } }
  | { type: 'stopping'; reason: string }
  | { type: 'stopped' }
  | { type: 'warning'; detail: string }
  /** A message and its outcome. `tookMs` counts from its arrival. */
  | {
      type: 'message';
      messageType: string;
      messageId: string;
      /** Creation time in commercetools, ISO 8601. */
      createdAt: string;
      record: RecordRef;
      rules: string[];
      outcome: 'delivered' | 'skipped' | 'dead-lettered' | 'retried';
      reasons: string[];
      tookMs: number;
    }
  /** A delivery of a resource or type that is not synced. */
  | { type: 'delivery-ignored'; reason: string }
  | { type: 'invalid-envelope'; reason: string }
  /** A push from a sender that could not be authenticated. */
  | { type: 'push-unauthorized'; reason: string }
  | { type: 'unreadable'; source: string; reason: string }
  | { type: 'rejected'; record: RecordRef; rule: string; code: string; detail: string; field?: string }
  | { type: 'failed'; record: RecordRef; rule: string; error: Error }
  | { type: 'partially-sent'; record: RecordRef; rule: string; warning: { code: string; detail: string } }
  | { type: 'run'; runId: string; resource: string; kind: string; state: string; read: number; problem?: string }
  /** Changed carts that were read together, and their outcomes. `lagMs`: age of the latest change among them. */
  | {
      type: 'carts';
      read: number;
      delivered: number;
      skipped: number;
      rejected: number;
      reasons: Record<string, number>;
      lagMs: number;
    }
  /** A scheduled sync was due at `at`. `skipped`: `runId` is a sync of the resource that was running already. */
  | { type: 'scheduled'; resource: string; at: string; outcome: 'queued' | 'skipped'; runId: string }
  | { type: 'action-required'; reason: string }
  /** A call of the API: what was done or refused, by which token and from where. `token`: its name, or none. */
  | {
      type: 'audit';
      action: string;
      outcome: 'done' | 'failed' | 'rejected';
      status: number;
      token: string;
      address: string;
      forwardedFor?: string;
      path?: string;
      /** Of a sync or a bulk action; of a list its length. */
      options?: Record<string, unknown>;
    }
  /** The heap is nearly full: realtime is answered 503 and bulk is paused, or accepted again. */
  | { type: 'load-shedding'; isShedding: boolean; usedBytes: number; limitBytes: number }
  /** Outcomes of the changes that were sent to the sink together, as sums. */
  | { type: 'changes'; lane: 'realtime' | 'cart' | 'bulk'; changes: ChangeCount[] }
  /** A request to one of the APIs; `status` is the HTTP status, or `none` without a response. */
  | { type: 'request'; api: 'klaviyo' | 'commercetools'; endpoint: string; status: string; tookMs: number }
  | { type: 'dead-letter'; rule: string; code: string };

export interface ChangeCount {
  rule: string;
  /** `rejected-later`: accepted as part of a job, which then rejected it. */
  outcome: 'delivered' | 'skipped' | 'rejected' | 'failed' | 'unavailable' | 'rejected-later';
  count: number;
  /** The kind of change, such as `profile`. */
  kind?: string;
  /** Of events: the name of the metric, and the sum of their values in a currency. */
  metric?: string;
  value?: number;
  /** ISO 4217. */
  currency?: string;
}

export interface AppEvents {
  /** Never throws. An exception of a listener is logged, and the other listeners are still called. */
  emit(event: AppEvent): void;
  /** @returns the number of events since the start by type; messages by outcome */
  counts(): Record<string, number>;
  /** @returns a function that removes the listener */
  listen(listener: (event: AppEvent) => void): () => void;
}

/** @param log receives a line for each event */
export function createAppEvents(log: Logger): AppEvents {
  const counts = new Map<string, number>();
  const listeners = new Set<(event: AppEvent) => void>();
  return {
    emit(event) {
      const name = event.type === 'message' ? `message-${event.outcome}` : event.type;
      const level = levelOf(event);
      // Events of every request are for the metrics only.
      if (level !== 'trace') counts.set(name, (counts.get(name) ?? 0) + 1);
      if (log.isLevelEnabled(level)) {
        const { type, ...fields } = event;
        log[level](fields, type);
      }
      for (const listener of listeners) {
        try {
          listener(event);
        } catch (thrown) {
          // Only the name is logged, because the message may quote a record.
          const name = thrown instanceof Error ? thrown.name : 'unknown';
          log.error({ detail: `a listener failed at the event ${event.type}: ${name}` }, 'warning');
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
    case 'load-shedding':
    case 'invalid-envelope':
    case 'push-unauthorized':
    case 'unreadable':
    case 'rejected':
    case 'partially-sent':
      return 'warn';
    case 'audit':
      return event.outcome === 'done' ? 'info' : 'warn';
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
