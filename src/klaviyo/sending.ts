/** What it takes to make one change true: the ways to Klaviyo, whose turn it is, and what this process wrote last. */

import type { Written } from './batch.ts';
import type { StockChange } from './change.ts';
import type { Answer, Call, KlaviyoClient } from './client.ts';
import type { HeldLookup } from './held.ts';
import type { Locks } from './locks.ts';
import type { Patience } from './patience.ts';
import type { Lane } from './throttle.ts';
import type { Writer } from './writer.ts';

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
   * Klaviyo has put the last write of this change into a job: in realtime that is as good as done, since a job outlives
   * any broker's deadline.
   */
  accepted(): void;
}

/** One request in the sending's lane. */
export function ask(sending: Sending, call: Omit<Call, 'lane' | 'signal'>): Promise<Answer> {
  return sending.client.call({ ...call, lane: sending.lane, signal: sending.patience.signal() });
}

/** Calls `accepted` when Klaviyo took the write into a job; its end is awaited all the same. */
export async function lastWrite({ accepted, ended }: Written, sending: Sending): Promise<Answer> {
  let over = false;
  void ended.then(() => {
    over = true;
  });
  const taken = await accepted;
  if (taken.ok && !over) sending.accepted();
  return ended;
}
