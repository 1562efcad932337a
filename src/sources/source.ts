/** Interface between brokers and the engine: raw messages in, verdicts out. Sources know nothing of commercetools. */
import type { Verdict } from '../engine/delivery/verdict.ts';

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

/** Handles a delivery; never rejects. */
export type Handle = (message: RawMessage) => Promise<Verdict>;

/**
 * A broker that delivers messages at least once. A message without a verdict, or with `ack: false`, is redelivered; any
 * other verdict acknowledges it. The source respects its limit of concurrent messages.
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
