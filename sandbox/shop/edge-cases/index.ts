/** All edge cases of the seeded shop. Tests find them by key, order number or SKU. */

import { customerEdgeCases } from './customers.ts';
import type { EdgeCase } from './edge-case.ts';
import { fulfilmentEdgeCases } from './fulfilment.ts';
import { orderEdgeCases } from './orders.ts';
import { paymentEdgeCases } from './payments.ts';
import { productEdgeCases } from './products.ts';
import { standalonePriceEdgeCases, stockEdgeCases } from './stock.ts';

/** Returns all edge cases. They do not depend on the seed. */
export function createEdgeCases(): EdgeCase[] {
  return [
    ...customerEdgeCases(),
    ...productEdgeCases(),
    ...stockEdgeCases(),
    ...standalonePriceEdgeCases(),
    ...orderEdgeCases(),
    ...fulfilmentEdgeCases(),
    ...paymentEdgeCases(),
  ];
}

/** Returns the record id of an edge case: `edgeCaseId('order', 'refund-twice')`. */
export function edgeCaseId(typeId: string, name: string): string {
  const found = createEdgeCases().find((entry) => entry.typeId === typeId && entry.name === name);
  if (found === undefined) throw new Error(`No edge case ${typeId} ${name}`);
  return found.record.id;
}
