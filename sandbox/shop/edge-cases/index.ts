/** Everything odd in the seeded shop: a table to read, and records to find by key, order number or sku. */

import { customerEdgeCases } from './customers.ts';
import type { EdgeCase } from './edge-case.ts';
import { orderEdgeCases } from './orders.ts';
import { paymentEdgeCases } from './payments.ts';
import { productEdgeCases } from './products.ts';
import { standalonePriceEdgeCases, stockEdgeCases } from './stock.ts';

export type { EdgeCase } from './edge-case.ts';

/** All odd cases; the same at every call, whatever the seed. */
export function createEdgeCases(): EdgeCase[] {
  return [
    ...customerEdgeCases(),
    ...productEdgeCases(),
    ...stockEdgeCases(),
    ...standalonePriceEdgeCases(),
    ...orderEdgeCases(),
    ...paymentEdgeCases(),
  ];
}

/** The record id of an odd case, for tests: `oddId('order', 'refund-twice')`. */
export function edgeCaseId(typeId: string, name: string): string {
  const found = createEdgeCases().find((entry) => entry.typeId === typeId && entry.name === name);
  if (found === undefined) throw new Error(`There is no odd ${typeId} called ${name}`);
  return found.record.id;
}
