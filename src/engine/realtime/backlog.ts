/** How long what waits for Klaviyo would keep a message of a resource waiting. */
import type { Change } from '../../klaviyo/change.ts';
import type { Sink } from '../../klaviyo/sink.ts';

/** What messages of a resource lead to in Klaviyo. */
const sentBy: Record<string, readonly Change['type'][]> = {
  customer: ['profile'],
  order: ['event'],
  category: ['category', 'delete'],
  product: ['item', 'delete'],
  'inventory-entry': ['stock'],
};

/** @returns milliseconds, by the resource's type id */
export function createBacklog({ estimateWaitMs }: Pick<Sink, 'estimateWaitMs'>): (typeId: string) => number {
  return (typeId) => Math.max(0, ...(sentBy[typeId] ?? []).map(estimateWaitMs));
}
