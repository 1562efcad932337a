/** What it takes to make one change true: the ways to Klaviyo, whose turn it is, and what this process wrote last. */

import type { Locks } from '../../lib/keyed-mutex.ts';
import type { Patience } from '../../lib/shared-signal.ts';
import type { Answer, Call, KlaviyoClient } from '../api/client.ts';
import type { Lane } from '../api/rate-limiter.ts';
import type { Way } from '../batching/batcher.ts';
import type { Writer } from '../batching/batcher-registry.ts';
import type { AcceptedJob } from '../batching/job-poller.ts';
import type { StockChange } from '../change.ts';
import type { HeldLookup } from '../existing-records.ts';

/** The stock of a sku as this process last wrote it, with the `readAt` of what it was written from. */
export type WrittenStock = Pick<StockChange, 'quantity' | 'policy'> & { readAt: number };

export interface Memory<Value> {
  get(key: string): Value | undefined;
  set(key: string, value: Value): unknown;
  delete(key: string): unknown;
}

/** What all sendings of a process share. */
export interface Ways {
  client: KlaviyoClient;
  writer: Writer;
  held: HeldLookup;
  locks: Locks;
  stock: Memory<WrittenStock>;
  /** Categories that Klaviyo is known to hold. */
  categories: Memory<true>;
}

export interface Sending extends Ways {
  lane: Lane;
  /** What is not on its way when it ends is withdrawn. */
  patience: Patience;
  /** Write also what Klaviyo holds already. */
  force: boolean;
  /**
   * For the last write of a change: Klaviyo has put it into a job, which in realtime is as good as done, since a job
   * outlives any broker's deadline.
   */
  onJob(job: AcceptedJob, records: number): void;
}

/** One request in the sending's lane. */
export function ask(sending: Sending, call: Omit<Call, 'lane' | 'signal'>): Promise<Answer> {
  return sending.client.call({ ...call, lane: sending.lane, signal: sending.patience.signal() });
}

/** The way of a write that others follow: only its end counts. */
export function once({ lane, patience }: Sending): Way {
  return { lane, patience };
}
