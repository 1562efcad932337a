/** What it takes to make one change true: the ways to Klaviyo, whose turn it is, and what this process wrote last. */

import type { KeyedMutex } from '../../lib/keyed-mutex.ts';
import type { SharedSignal } from '../../lib/shared-signal.ts';
import type { ApiCall, ApiResult, KlaviyoClient } from '../api/client.ts';
import type { Lane } from '../api/rate-limiter.ts';
import type { WriteOptions } from '../batching/batcher.ts';
import type { BatcherRegistry } from '../batching/batcher-registry.ts';
import type { AcceptedJob } from '../batching/job-poller.ts';
import type { StockChange } from '../change.ts';
import type { ExistingRecords } from '../existing-records.ts';

/** The stock of a sku as this process last wrote it, with the `readAt` of what it was written from. */
export type WrittenStock = Pick<StockChange, 'quantity' | 'policy'> & { readSeq: number };

export interface Memory<Value> {
  get(key: string): Value | undefined;
  set(key: string, value: Value): unknown;
  delete(key: string): unknown;
}

/** What all sendings of a process share. */
export interface SinkResources {
  client: KlaviyoClient;
  batchers: BatcherRegistry;
  existing: ExistingRecords;
  locks: KeyedMutex;
  stock: Memory<WrittenStock>;
  /** Categories that Klaviyo is known to hold. */
  categories: Memory<true>;
}

export interface WriteContext extends SinkResources {
  lane: Lane;
  /** What is not on its way when it ends is withdrawn. */
  deadline: SharedSignal;
  /** Write also what Klaviyo holds already. */
  force: boolean;
  /**
   * For the last write of a change: Klaviyo has put it into a job, which in realtime is as good as done, since a job
   * outlives any broker's deadline.
   */
  onJobAccepted(job: AcceptedJob, records: number): void;
}

/** One request in the sending's lane. */
export function request(sending: WriteContext, call: Omit<ApiCall, 'lane' | 'signal'>): Promise<ApiResult> {
  return sending.client.call({ ...call, lane: sending.lane, signal: sending.deadline.signal() });
}

/** The way of a write that others follow: only its end counts. */
export function untilSettled({ lane, deadline: patience }: WriteContext): WriteOptions {
  return { lane, deadline: patience };
}
