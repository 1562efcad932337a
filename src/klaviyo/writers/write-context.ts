/** What writers need to write one change: API access, locks, and what this process wrote before. */

import type { LRUCache } from 'lru-cache';
import type { KeyedMutex } from '../../lib/keyed-mutex.ts';
import type { SharedSignal } from '../../lib/shared-signal.ts';
import type { ApiCall, ApiResult, KlaviyoClient } from '../api/client.ts';
import type { Lane } from '../api/rate-limiter.ts';
import type { BatcherRegistry } from '../batching/batcher.ts';
import type { AcceptedJob } from '../batching/job-poller.ts';
import type { EventOrder, ProfileIdentity, StockChange } from '../change.ts';
import type { ExistingRecords } from '../existing-records.ts';

/** A sku's stock that this process last wrote, with the `readSeq` of the change. */
export type WrittenStock = Pick<StockChange, 'quantity' | 'policy'> & { readSeq: number };

export interface SinkResources {
  client: KlaviyoClient;
  batchers: BatcherRegistry;
  existing: ExistingRecords;
  mutex: KeyedMutex;
  writtenStock: LRUCache<string, WrittenStock>;
  knownCategories: LRUCache<string, true>;
  isSold: IsSold;
  hasOtherCustomer: HasOtherCustomer;
  /** Whether a bulk import of profiles is known to unset properties. Never rejects. */
  unsetsInBulk(): Promise<boolean>;
  profileOfOrder: ProfileOfOrder;
  /** Stores which profile has the events of an order. Rejects if it can't be stored. */
  rememberOrderProfile(orderId: string, profileId: string): Promise<void>;
}

/** Looks the profile of an order's events up without caches. @returns undefined if it has none. Rejects if it can't be read */
export type ProfileOfOrder = (order: EventOrder, lane: Lane) => Promise<ProfileIdentity | undefined>;

/**
 * Whether another published product than that of the item has the sku now. `unknown`: commercetools can't be asked. Never
 * rejects.
 */
export type IsSold = (sku: string, exceptItemId: string) => Promise<boolean | 'unknown'>;

/** Whether another customer than this one has the e-mail now. `unknown`: commercetools can't be asked. Never rejects. */
export type HasOtherCustomer = (email: string, customerId: string) => Promise<boolean | 'unknown'>;

export interface WriteContext extends SinkResources {
  lane: Lane;
  /** What is not in a request yet when it is aborted is not sent. */
  deadline: SharedSignal;
  /** Writes a record even when Klaviyo's state is the same. */
  force: boolean;
  /** Leaves the quantity of existing variants as it is. */
  keepStock: boolean;
  /** The change may be acknowledged early once a job of it is accepted and stored: what is left of it follows. */
  onJobAccepted(job: AcceptedJob, records: number): void;
}

/** Sends one request in the lane of the write. */
export function request(
  { client, lane, deadline }: WriteContext,
  call: Omit<ApiCall, 'lane' | 'signal'>,
): Promise<ApiResult> {
  return client.call({ ...call, lane, signal: deadline.signal() });
}
