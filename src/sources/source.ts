/** Interface between brokers and the engine: raw messages in, verdicts out. Sources know nothing of commercetools. */

export interface RawMessage {
  /** The payload as parsed JSON; a string if it is not JSON. */
  body: unknown;
  source: string;
  brokerId?: string;
  /** Number of deliveries including this one, if the broker counts them. */
  deliveries?: number;
  /** W3C trace context of the delivery (traceparent, tracestate); absent: the context of the call. */
  trace?: TraceHeaders;
  /** Size in bytes and hash of the body, which is all that is stored of an unreadable message. Computed on demand. */
  fingerprint(): { size: number; hash: string };
}

/** https://www.w3.org/TR/trace-context/ */
export interface TraceHeaders {
  traceparent: string;
  tracestate?: string;
}

/** What became of a message: what the source does with it, and what it answers. */
export type Verdict =
  | { ack: true; outcome: 'delivered' }
  | { ack: true; outcome: 'skipped'; reasons: string[] }
  /** Rejected, unreadable or failed, and stored as a dead letter. `reasons` are the codes of the dead letters. */
  | { ack: true; outcome: 'dead-lettered'; reasons: string[] }
  /** Retry later; do not acknowledge. `actionRequired`: an operator must fix credentials. */
  | { ack: false; reason: string; retryAfterMs?: number; actionRequired?: boolean };

/** Handles a delivery; never rejects. */
export type Handle = (message: RawMessage) => Promise<Verdict>;

/**
 * A broker that delivers messages at least once. A message without a verdict, or with `ack: false`, is redelivered; any
 * other verdict acknowledges it. The source hands over no more messages at a time than it is configured to.
 */
export interface Source {
  readonly name: string;
  /** Starts to receive and returns at once; reconnects to an unreachable broker until `stop`. */
  start(handle: Handle): void;
  /** Receives nothing more. Resolves when each message in flight has its verdict and its acknowledgement, if any. */
  stop(): Promise<void>;
  /** @returns why the broker can't be read at the moment; undefined if it can */
  lastError(): string | undefined;
}

/**
 * Combines the verdicts of messages that a broker can only acknowledge together.
 * @returns `ack: false` if one of them has to be redelivered, with the longest delay; else the worst outcome
 */
export function combineVerdicts(verdicts: readonly Verdict[]): Verdict {
  const retried = verdicts.flatMap((verdict) => (verdict.ack ? [] : [verdict]));
  const worst = retried.find(({ actionRequired }) => actionRequired) ?? retried[0];
  if (worst) {
    const delays = retried.flatMap(({ retryAfterMs }) => (retryAfterMs === undefined ? [] : [retryAfterMs]));
    return { ...worst, ...(delays.length > 0 ? { retryAfterMs: Math.max(...delays) } : {}) };
  }
  const deadLettered = verdicts.flatMap((verdict) =>
    verdict.ack && verdict.outcome === 'dead-lettered' ? [verdict.reasons] : [],
  );
  if (deadLettered.length > 0) return { ack: true, outcome: 'dead-lettered', reasons: deadLettered.flat() };
  const skipped = verdicts.flatMap((verdict) =>
    verdict.ack && verdict.outcome === 'skipped' ? [verdict.reasons] : [],
  );
  return skipped.length === verdicts.length
    ? { ack: true, outcome: 'skipped', reasons: skipped.flat() }
    : { ack: true, outcome: 'delivered' };
}
