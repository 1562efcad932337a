/** Stock: sends the available quantity of a variant. https://developers.klaviyo.com/en/reference/update_catalog_variant */
import { affectsStock, stockOfEntries } from '../fields/availability.ts';
import { present } from '../fields/text.ts';
import { changes, changeTrigger, messageTriggers, type Rule, skip } from '../types.ts';
import type { StockFacts } from './stock-facts.ts';

export const stock: Rule<StockFacts> = {
  name: 'stock',
  summary: 'Stock changed: the variant gets the current quantity.',
  sends: 'quantity and policy of a catalogue variant',
  settings: ['product.inventory.useChannelInventory', 'product.inventory.withoutChannel', 'product.inventory.policy'],
  // An order that reserves stock causes no message, only an update of the entry.
  triggers: () => [
    ...messageTriggers(
      'inventory-entry',
      ['InventoryEntryCreated', 'InventoryEntryDeleted'],
      'InventoryResourceUpdated',
    ),
    changeTrigger('inventory-entry', 'ResourceUpdated', 'InventoryResourceUpdated'),
  ],
  map({ changedEntryId, entries, channels, ...facts }, settings) {
    const sku = present(facts.sku);
    if (sku === undefined) return skip('the inventory entry has no sku');
    if (!entries) return skip('inventory entries are not readable: the API client lacks the scope view_products');
    const rules = { settings: settings.product.inventory, channels };
    if (!affectsStock(changedEntryId, entries, rules)) {
      return skip('another inventory entry decides (product.inventory.useChannelInventory)');
    }
    return changes([{ type: 'stock', sku, ...stockOfEntries(entries, rules) }]);
  },
};
