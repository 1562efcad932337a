/** Messages of categories, inventory entries and standalone prices. */
import type { Change } from '../changes.ts';
import { field, textField } from '../json.ts';
import type { MessageBody } from '../payloads.ts';
import { whenChanged } from './compare.ts';

/** Returns the messages of a category change. Renaming and deletion send none. */
export function categoryMessages({ before, after }: Change): MessageBody[] {
  if (after === undefined) return [];
  if (before === undefined) return [{ type: 'CategoryCreated', category: after }];
  return whenChanged(before, after, 'slug', (slug, oldSlug) => ({ type: 'CategorySlugChanged', slug, oldSlug }));
}

/** Returns the messages of an inventory entry change. Stock taken by an order sends none. */
export function inventoryMessages({ before, after, cause }: Change): MessageBody[] {
  if (after === undefined) {
    return [
      { type: 'InventoryEntryDeleted', sku: field(before, 'sku'), supplyChannel: field(before, 'supplyChannel') },
    ];
  }
  if (before === undefined) return [{ type: 'InventoryEntryCreated', inventoryEntry: after }];
  if (cause === 'stock-taken') return [];
  const [old, current] = [quantities(before), quantities(after)];
  if (old.onStock === current.onStock && old.available === current.available) return [];
  return [
    {
      type: 'InventoryEntryQuantitySet',
      sku: textField(after, 'sku'),
      supplyChannel: field(after, 'supplyChannel'),
      oldQuantityOnStock: old.onStock,
      newQuantityOnStock: current.onStock,
      oldAvailableQuantity: old.available,
      newAvailableQuantity: current.available,
    },
  ];
}

function quantities(entry: unknown): { readonly onStock: unknown; readonly available: unknown } {
  return { onStock: field(entry, 'quantityOnStock'), available: field(entry, 'availableQuantity') };
}

/** Returns the messages of a standalone price change. */
export function standalonePriceMessages({ before, after }: Change): MessageBody[] {
  if (after === undefined) return [{ type: 'StandalonePriceDeleted', sku: textField(before, 'sku') ?? '' }];
  if (before === undefined) return [{ type: 'StandalonePriceCreated', standalonePrice: after }];
  return [
    ...whenChanged(before, after, 'value', (value, oldValue) => ({
      type: 'StandalonePriceValueChanged',
      value,
      staged: false,
      oldValue,
    })),
    ...whenChanged(before, after, 'active', (active, oldActive) => ({
      type: 'StandalonePriceActiveChanged',
      active,
      oldActive,
    })),
    ...whenChanged(before, after, 'discounted', (discounted) => ({
      type: 'StandalonePriceDiscountSet',
      discounted,
    })),
    ...validity(before, after),
  ];
}

function validity(before: unknown, after: unknown): MessageBody[] {
  const same = (name: string) => field(before, name) === field(after, name);
  if (same('validFrom') && same('validUntil')) return [];
  const valid = { validFrom: field(after, 'validFrom'), validUntil: field(after, 'validUntil') };
  return [{ type: 'StandalonePriceValidFromAndUntilSet', ...valid }];
}
