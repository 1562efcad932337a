/** How messages arrive: what every source hands over, and what it gets back. A source knows nothing of the trade. */
import type { Verdict } from '../engine/delivery/verdict.ts';

/** A delivery with its broker's envelope taken off. */
export interface RawMessage {
  /** The payload, already JSON; a text where it is none. */
  body: unknown;
  /** The source's name, for the log and for dead letters. */
  source: string;
  /** The broker's own id of the delivery. */
  brokerId?: string;
  /** How often the broker has delivered it, this time included; where it says so. */
  deliveries?: number;
  /** W3C trace context that came with it (traceparent, tracestate); absent: what surrounds the call. */
  trace?: TraceHeaders;
  /** Bytes of the body, and their hash: all that is kept of what can't be read. Worked out only for that. */
  fingerprint(): { size: number; hash: string };
}

/** https://www.w3.org/TR/trace-context/ */
export interface TraceHeaders {
  traceparent: string;
  tracestate?: string;
}

/** Takes a delivery; never rejects. */
export type Handle = (message: RawMessage) => Promise<Verdict>;

/**
 * One way in which messages arrive. At least once: what got no verdict, or the verdict `again`, comes again; only after
 * any other verdict it is acknowledged. Takes no more at once than it is told to.
 */
export interface Source {
  readonly name: string;
  /** Begins to take deliveries and returns at once; a broker that can't be reached is tried again until `stop`. */
  start(handle: Handle): void;
  /** Takes nothing more. Resolves when what is in flight has its verdict and, where it got one, its acknowledgement. */
  stop(): Promise<void>;
  /** What keeps it from its broker now; undefined while all is well. */
  trouble(): string | undefined;
}
