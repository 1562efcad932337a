/** What it takes to make one change true: the way to Klaviyo, whose turn it is, and what this process wrote last. */

import type { StockChange } from './change.ts';
import type { Answer, Call, KlaviyoClient } from './client.ts';
import type { Locks } from './locks.ts';
import type { Lane } from './throttle.ts';

/** The stock of a sku as this process last wrote it, with the `readAt` of what it was written from. */
export type WrittenStock = Pick<StockChange, 'quantity' | 'policy'> & { readAt: number };

export interface Memory {
  get(sku: string): WrittenStock | undefined;
  set(sku: string, stock: WrittenStock): unknown;
}

export interface Sending {
  client: KlaviyoClient;
  locks: Locks;
  stock: Memory;
  lane: Lane;
  signal: AbortSignal;
}

/** One request in the sending's lane. */
export function ask(sending: Sending, call: Omit<Call, 'lane' | 'signal'>): Promise<Answer> {
  return sending.client.call({ ...call, lane: sending.lane, signal: sending.signal });
}
