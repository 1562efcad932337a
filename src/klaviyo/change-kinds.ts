/** Table of change kinds: how each kind is coalesced, limited and written. One row per kind of `Change`. */

import { getHeapStatistics } from 'node:v8';
import type { Lane } from './api/rate-limiter.ts';
import type { OperationName } from './batching/operations.ts';
import type { Change, ChangeKind, Receipt, SequencedChange } from './change.ts';
import { deleteCategory, writeCategory } from './writers/category.ts';
import { eraseProfile } from './writers/erasure.ts';
import { writeEvent } from './writers/event.ts';
import { deleteItem, writeItem } from './writers/item.ts';
import { writeOrderProfile } from './writers/order-profile.ts';
import { writeProfile } from './writers/profile.ts';
import { writeStock } from './writers/variant.ts';
import type { WriteContext } from './writers/write-context.ts';

/** Bytes that an item, and each of its variants, takes while their jobs are in progress; measured in heap snapshots. */
const itemBytes = 6_000;
const variantBytes = 3_000;
/** Of 100 items with three variants each in every one of the 500 jobs that Klaviyo allows in progress. */
const bytesOfAllJobs = 500 * 100 * (itemBytes + 3 * variantBytes);
/** Share of the heap that items in flight may have: docs/performance.md. */
const itemsHeapShare = 0.35;
const maxItemBytes = Math.min(bytesOfAllJobs, getHeapStatistics().heap_size_limit * itemsHeapShare);

type ChangeOf<Kind extends ChangeKind> = Extract<Change, { type: Kind }>;

interface ChangeKindSpec<ChangeType extends Change> {
  /** Pending changes with the same key are coalesced. */
  coalescingKey(change: ChangeType, lane: Lane): string;
  /**
   * Whether changes with the same key are written one after the other, and one is dropped after a change with a higher
   * `readSeq` was written. Events have no state that could be overwritten.
   */
  ordered: boolean;
  /** The record is gone for good: no other change to it is written afterwards, whatever its `readSeq`. */
  isFinal?: true;
  /** Operations that the writer may use. */
  operations: readonly OperationName[];
  /** Records; where changes differ in size, bytes. */
  maxInFlight: number;
  /** Bytes of a change, where `maxInFlight` is in bytes. */
  bytesOf?(change: ChangeType): number;
  write(change: ChangeType & { readSeq: number }, context: WriteContext): Promise<Receipt>;
}

export const changeKinds: { readonly [Kind in ChangeKind]: ChangeKindSpec<ChangeOf<Kind>> } = {
  event: {
    // The same event in another lane, or for another profile, is a request of its own.
    coalescingKey: ({ metric, uniqueId, profile: { id, email, external_id, phone_number, _kx, anonymous_id } }, lane) =>
      [
        ...[`event:${metric}:${uniqueId}`, lane, id, email?.toLowerCase()],
        ...[external_id, phone_number, _kx, anonymous_id],
      ].join('|'),
    ordered: false,
    operations: ['event'],
    // Five bodies of 1,000. An event is settled by the response to its body.
    maxInFlight: 5_000,
    write: writeEvent,
  },
  'order-profile': {
    coalescingKey: ({ orderId }) => `order-profile:${orderId}`,
    ordered: true,
    operations: [],
    // Corrections are rare.
    maxInFlight: 1_000,
    write: writeOrderProfile,
  },
  profile: {
    coalescingKey: ({ customerId }) => `profile:${customerId}`,
    ordered: true,
    operations: ['profile'],
    // Two bodies of 10,000. A profile is in flight until its job has ended.
    maxInFlight: 20_000,
    write: writeProfile,
  },
  erasure: {
    // The key of a profile change, so that none follows the erasure.
    coalescingKey: ({ customerId }) => `profile:${customerId}`,
    ordered: true,
    // A query may show the customer for a while: a profile that was read later is older all the same.
    isFinal: true,
    operations: [],
    // An erasure is one request of a small tier.
    maxInFlight: 1_000,
    write: eraseProfile,
  },
  category: {
    coalescingKey: ({ category }) => `category:${category.external_id}`,
    ordered: true,
    operations: ['createCategory', 'updateCategory'],
    // Fifty bodies of 100.
    maxInFlight: 5_000,
    write: writeCategory,
  },
  item: {
    coalescingKey: ({ item }) => `item:${item.external_id}`,
    ordered: true,
    operations: ['createItem', 'updateItem', 'createVariant', 'updateVariant', 'deleteVariant'],
    // An item waits for its own job and for its variants' jobs, which take seconds to minutes.
    maxInFlight: maxItemBytes,
    bytesOf: ({ variants }) => itemBytes + variants.length * variantBytes,
    write: writeItem,
  },
  stock: {
    coalescingKey: ({ sku }) => `stock:${sku}`,
    ordered: true,
    operations: ['updateVariant'],
    // A hundred bodies of 100; a stock change is small.
    maxInFlight: 10_000,
    write: writeStock,
  },
  delete: {
    // The key of a category or an item change, so that a deletion is coalesced with those.
    coalescingKey: ({ recordType, externalId }) => `${recordType}:${externalId}`,
    ordered: true,
    operations: ['deleteItem', 'deleteCategory'],
    // A hundred bodies of 100; a deletion is small.
    maxInFlight: 10_000,
    write: (change, context) =>
      change.recordType === 'category' ? deleteCategory(change.externalId, context) : deleteItem(change, context),
  },
};

/** @returns the key that pending changes to the same record share */
export function coalescingKey(change: Change, lane: Lane): string {
  return specOf(change).coalescingKey(change, lane);
}

/** @returns how much of its kind's `maxInFlight` a change takes */
export function inFlightSize(change: Change): number {
  return specOf(change).bytesOf?.(change) ?? 1;
}

export function specOf(change: Change): ChangeKindSpec<Change> {
  return changeKinds[change.type];
}

/** A newer state was written, which does not say whether the property is still removed: the customer is read again. */
export const outdatedRemoval: Receipt = {
  outcome: 'unavailable',
  reason: 'a newer state of the customer was written, so the removal of a custom field is evaluated again',
};

/** @returns whether the change removes properties of a profile, which a change without the removal does not repeat. */
export function clearsProperties(change: SequencedChange): boolean {
  return change.type === 'profile' && Object.values(change.profile.properties ?? {}).includes(null);
}

/**
 * @returns the final change, else the one with the higher `readSeq`. A property that the other one removes is removed too,
 * unless the newer one has it: only one message contains a removal.
 */
export function coalesced<Origin>(
  left: SequencedChange<Origin>,
  right: SequencedChange<Origin>,
): SequencedChange<Origin> {
  const [older, newer] = right.readSeq >= left.readSeq ? [left, right] : [right, left];
  if (specOf(older).isFinal) return older;
  if (older.type !== 'profile' || newer.type !== 'profile' || !clearsProperties(older)) return newer;
  const removed = Object.entries(older.profile.properties ?? {}).filter(([, value]) => value === null);
  const properties = { ...Object.fromEntries(removed), ...newer.profile.properties };
  return { ...newer, profile: { ...newer.profile, properties } };
}
