/** How long what waits for Klaviyo would keep a message of a resource waiting. */
import type { Change } from '../../klaviyo/change.ts';
import type { Sink } from '../../klaviyo/sink.ts';

/** What messages of a resource lead to in Klaviyo. */
const sentBy: Record<string, readonly Change['kind'][]> = {
  customer: ['profile'],
  order: ['event'],
  category: ['category', 'gone'],
  product: ['item', 'gone'],
  'inventory-entry': ['stock'],
};

/** @returns milliseconds, by the resource's type id */
export function createBacklog({ backlogMs }: Pick<Sink, 'backlogMs'>): (typeId: string) => number {
  return (typeId) => Math.max(0, ...(sentBy[typeId] ?? []).map(backlogMs));
}
