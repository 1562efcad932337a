/** Stock: what of a variant is there. https://developers.klaviyo.com/en/reference/update_catalog_variant */
import { stockOfEntries, takesPart } from '../fields/availability.ts';
import { present } from '../fields/text.ts';
import { changes, changeTrigger, messageTriggers, type Rule, skip } from '../types.ts';
import type { StockFacts } from './stock-facts.ts';

export const stock: Rule<StockFacts> = {
  name: 'stock',
  summary: 'Stock came or went: the variant shows what is there now.',
  sends: 'quantity and policy of a catalogue variant',
  settings: ['product.inventory.useChannelInventory', 'product.inventory.policy'],
  // An order that takes stock sends no message of its own, only the update of the entry.
  triggers: () => [
    ...messageTriggers(
      'inventory-entry',
      ['InventoryEntryCreated', 'InventoryEntryDeleted'],
      'InventoryResourceUpdated',
    ),
    changeTrigger('inventory-entry', 'ResourceUpdated', 'InventoryResourceUpdated'),
  ],
  map({ sku: named, changedEntryId, entries }, settings) {
    const sku = present(named);
    if (sku === undefined) return skip('the inventory entry has no sku');
    if (!entries) return skip('inventory entries are not readable: the API client lacks the scope view_products');
    if (!takesPart(changedEntryId, entries, settings.product.inventory)) {
      return skip('another inventory entry decides (product.inventory.useChannelInventory)');
    }
    return changes([{ type: 'stock', sku, ...stockOfEntries(entries, settings.product.inventory) }]);
  },
};
