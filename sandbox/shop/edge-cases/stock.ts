/** Edge cases of stock and standalone prices. */
import type { InventoryEntry, StandalonePrice } from '@commercetools/platform-sdk';
import { IDS } from '../seed/base-data.ts';
import { inventoryEntry, money, standalonePrice } from '../seed/builders.ts';
import { idOf } from '../seed/random.ts';
import { type EdgeCase, edgeCaseBuilder } from './edge-case.ts';

const entryCase = edgeCaseBuilder('inventory-entry');
const priceCase = edgeCaseBuilder('standalone-price');

/** Returns inventory entries with unusual quantities or channels. */
export function stockEdgeCases(): EdgeCase[] {
  return [
    entryCase('stock-zero-entry', 'nothing left', entry('stock-zero', 'all', { quantityOnStock: 0 })),
    entryCase('stock-negative-entry', 'less than nothing', entry('stock-negative', 'all', { quantityOnStock: -3 })),
    entryCase(
      'stock-berlin-only',
      'in Berlin',
      entry('stock-channels-only', 'berlin', { quantityOnStock: 4, ...inChannel(IDS.berlin) }),
    ),
    entryCase(
      'stock-paris-only',
      'in Paris',
      entry('stock-channels-only', 'paris', { quantityOnStock: 6, ...inChannel(IDS.paris) }),
    ),
    entryCase('stock-both-all', 'without a channel', entry('stock-both', 'all', { quantityOnStock: 7 })),
    entryCase(
      'stock-both-berlin',
      'in Berlin',
      entry('stock-both', 'berlin', { quantityOnStock: 40, ...inChannel(IDS.berlin) }),
    ),
    entryCase(
      'stock-reserved-entry',
      'ten on the shelf, three available',
      entry('stock-reserved', 'all', { quantityOnStock: 10, availableQuantity: 3 }),
    ),
    entryCase(
      'stock-of-nothing',
      'stock of a sku that no product has',
      entry('sku-of-no-product', 'all', { quantityOnStock: 5 }),
    ),
  ];
}

/** Returns the standalone prices of the product `price-standalone`. */
export function standalonePriceEdgeCases(): EdgeCase[] {
  const past = { validFrom: '2020-01-01T00:00:00.000Z', validUntil: '2021-01-01T00:00:00.000Z' };
  return [
    priceCase('standalone-eur', 'the one that counts', namedStandalonePrice('eur', { value: money(4200) })),
    priceCase('standalone-inactive', 'switched off', namedStandalonePrice('off', { value: money(100), active: false })),
    priceCase('standalone-over', 'no longer valid', namedStandalonePrice('over', { value: money(200), ...past })),
    priceCase(
      'standalone-outlet',
      'for a channel',
      namedStandalonePrice('outlet', { value: money(300), channel: { typeId: 'channel', id: IDS.outlet } }),
    ),
  ];
}

function entry(sku: string, name: string, fields: Partial<InventoryEntry>): InventoryEntry {
  return inventoryEntry({ id: idOf(`inventory/${sku}/${name}`), key: `${sku}-${name}`, sku, ...fields });
}

function namedStandalonePrice(name: string, fields: Partial<StandalonePrice>): StandalonePrice {
  const sku = 'price-standalone';
  return standalonePrice({ id: idOf(`standalone-price/${sku}/${name}`), key: `${sku}-${name}`, sku, ...fields });
}

function inChannel(channelId: string): Partial<InventoryEntry> {
  return { supplyChannel: { typeId: 'channel', id: channelId } };
}
