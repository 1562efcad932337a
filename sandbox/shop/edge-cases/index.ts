/** Everything odd in the seeded shop: a table to read, and records to find by key, order number or sku. */

import { oddCustomers } from './customers.ts';
import type { OddCase } from './edge-case.ts';
import { oddOrders } from './orders.ts';
import { oddPayments } from './payments.ts';
import { oddProducts } from './products.ts';
import { oddStandalonePrices, oddStock } from './stock.ts';

export type { OddCase } from './edge-case.ts';

/** All odd cases; the same at every call, whatever the seed. */
export function oddCases(): OddCase[] {
  return [
    ...oddCustomers(),
    ...oddProducts(),
    ...oddStock(),
    ...oddStandalonePrices(),
    ...oddOrders(),
    ...oddPayments(),
  ];
}

/** The record id of an odd case, for tests: `oddId('order', 'refund-twice')`. */
export function oddId(typeId: string, name: string): string {
  const found = oddCases().find((one) => one.typeId === typeId && one.name === name);
  if (found === undefined) throw new Error(`There is no odd ${typeId} called ${name}`);
  return found.record.id;
}
