/** Builds the orders of edge cases, whose name is their order number. */
import type { LineItem, Order } from '@commercetools/platform-sdk';
import { IDS } from '../seed/base-data.ts';
import { lineItem, order } from '../seed/builders.ts';
import { idOf } from '../seed/random.ts';

export function namedOrder(name: string, fields: Partial<Order> = {}): Order {
  const { lineItems = [line(name)] } = fields;
  return order({
    id: idOf(`order/${name}`),
    orderNumber: name,
    customerEmail: `${name}@example.com`,
    ...fields,
    lineItems,
  });
}

export function line(name: string, fields: Parameters<typeof lineItem>[0] = {}, position = 1): LineItem {
  return lineItem({
    id: idOf(`line/${name}/${position}`),
    productId: idOf('product/branded'),
    variant: { id: 1, sku: 'branded', attributes: [{ name: 'brand', value: 'Nordlicht' }], images: [] },
    productType: { typeId: 'product-type', id: IDS.clothing },
    ...fields,
  });
}
