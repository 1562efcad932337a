/** How messages arrive: what every source hands over, and what it gets back. A source knows nothing of the trade. */
import type { Verdict } from '../engine/verdict.ts';

/** A delivery with its broker's envelope taken off. */
export interface RawMessage {
  /** The payload, already JSON. */
  body: unknown;
  /** The source's name, for the log and for dead letters. */
  source: string;
  /** The broker's own id of the delivery. */
  brokerId?: string;
  /** How often the broker has delivered it, this time included; where it says so. */
  tries?: number;
  /** Bytes of the body, and their hash: all that is kept of what can't be read. */
  size: number;
  hash: string;
}

/** Takes a delivery; never rejects. */
export type Handle = (message: RawMessage) => Promise<Verdict>;
