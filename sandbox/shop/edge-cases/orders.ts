/** Orders as real shops have them. */
import type { LineItem, Order } from '@commercetools/platform-sdk';
import { IDS } from '../seed/base-data.ts';
import { address, customLineItem, lineItem, money, order } from '../seed/builders.ts';
import { idOf } from '../seed/random.ts';
import { casesOf, type OddCase } from './edge-case.ts';

const odd = casesOf('order');

function one(name: string, fields: Partial<Order> = {}): Order {
  const { lineItems = [line(name)] } = fields;
  return order({
    id: idOf(`order/${name}`),
    orderNumber: name,
    customerEmail: `${name}@example.com`,
    ...fields,
    lineItems,
  });
}

function line(name: string, fields: Parameters<typeof lineItem>[0] = {}, position = 1): LineItem {
  return lineItem({
    id: idOf(`line/${name}/${position}`),
    productId: idOf('product/branded'),
    variant: { id: 1, sku: 'branded', attributes: [{ name: 'brand', value: 'Nordlicht' }], images: [] },
    productType: { typeId: 'product-type', id: IDS.clothing },
    ...fields,
  });
}

/** All odd orders. */
export function oddOrders(): OddCase[] {
  return [...buyers(), ...lines(), ...totals(), ...states()];
}

function buyers(): OddCase[] {
  const { customerEmail: _, ...nobody } = one('nobody');
  const { customerEmail: __, ...byId } = one('customer-without-email', { customerId: idOf('customer/all-fields') });
  const { billingAddress: ___, shippingAddress: ____, ...placeless } = one('no-addresses');
  return [
    odd('nobody', 'neither e-mail nor customer', nobody),
    odd('customer-without-email', 'has a customer, no e-mail', byId),
    odd('guest', 'has an e-mail, no customer', one('guest', { anonymousId: idOf('visit/guest') })),
    odd('no-addresses', 'has no address', placeless),
    odd(
      'customer-deleted',
      'its customer does not exist any more',
      one('customer-deleted', { customerId: idOf('customer/deleted') }),
    ),
    odd(
      'other-email',
      'its e-mail is not that of its customer',
      one('other-email', { customerId: idOf('customer/all-fields'), customerEmail: 'office@example.com' }),
    ),
    odd(
      'email-in-capitals',
      'e-mail in another spelling than the customer has',
      one('email-in-capitals', { customerEmail: 'CASE@EXAMPLE.COM' }),
    ),
    odd(
      'business',
      'of a business unit and a store',
      one('business', {
        businessUnit: { typeId: 'business-unit', key: 'acme' },
        store: { typeId: 'store', key: 'berlin' },
      }),
    ),
    odd(
      'from-recurring',
      'made by a recurring order',
      one('from-recurring', { recurringOrder: { typeId: 'recurring-order', id: idOf('recurring-order/weekly') } }),
    ),
  ];
}

function lines(): OddCase[] {
  const wrapping = customLineItem({ id: idOf('custom-line/wrapping') });
  const gift = line('gift', { lineItemMode: 'GiftLineItem', totalPrice: money(0), unitCents: 0 }, 2);
  return [
    odd(
      'custom-lines-only',
      'no line of a product',
      one('custom-lines-only', { lineItems: [], customLineItems: [wrapping] }),
    ),
    odd(
      'both-kinds-of-lines',
      'a product and gift wrapping',
      one('both-kinds-of-lines', { customLineItems: [wrapping] }),
    ),
    odd('no-lines', 'nothing in it', one('no-lines', { lineItems: [], customLineItems: [], totalPrice: money(0) })),
    odd('gift', 'with a gift that costs nothing', one('gift', { lineItems: [line('gift'), gift] })),
    odd(
      'hundred-lines',
      'a hundred lines',
      one('hundred-lines', {
        lineItems: Array.from({ length: 100 }, (_, index) =>
          line('hundred-lines', { unitCents: 100 + index }, index + 1),
        ),
      }),
    ),
    odd(
      'product-deleted',
      'its product does not exist any more',
      one('product-deleted', { lineItems: [line('product-deleted', { productId: idOf('product/deleted') })] }),
    ),
    odd(
      'many-category-product',
      'its product is in several categories',
      one('many-category-product', {
        lineItems: [line('many-category-product', { productId: idOf('product/many-categories') })],
      }),
    ),
    odd(
      'same-name-twice',
      'two lines with the same name',
      one('same-name-twice', { lineItems: [line('same-name-twice'), line('same-name-twice', {}, 2)] }),
    ),
    odd(
      'empty-name',
      'a line whose English name is empty',
      one('empty-name', { lineItems: [line('empty-name', { name: { en: '', 'de-DE': 'Nur deutsch' } })] }),
    ),
    odd('no-slug', 'a line without productSlug', one('no-slug', { lineItems: [withoutSlug(line('no-slug'))] })),
  ];
}

function withoutSlug({ productSlug: _, ...rest }: LineItem): LineItem {
  return rest;
}

function totals(): OddCase[] {
  const { taxedPrice: _, ...untaxed } = one('untaxed');
  const inCurrency = (name: string, cents: number, currency: string) =>
    odd(name, `paid in ${currency}`, one(name, { lineItems: [line(name, { unitCents: cents, currency })] }));
  const shipping = { shippingAddress: address({ id: 'second', city: 'Köln' }), shippingInfo: parcel() };
  return [
    odd('untaxed', 'has no taxed price', untaxed),
    inCurrency('yen', 3000, 'JPY'),
    inCurrency('dinar', 7125, 'KWD'),
    inCurrency('pounds', 2150, 'GBP'),
    inCurrency('dollars', 9999, 'USD'),
    odd('free', 'costs nothing', one('free', { lineItems: [line('free', { unitCents: 0 })] })),
    odd(
      'discounted',
      'two discount codes and a discount on the total',
      one('discounted', {
        discountCodes: [IDS.welcomeCode, IDS.summerCode].map((id) => ({
          discountCode: { typeId: 'discount-code', id },
          state: 'MatchesCart',
        })),
        totalPrice: money(1499),
        discountOnTotalPrice: { discountedAmount: money(500), includedDiscounts: [] },
      }),
    ),
    odd(
      'code-deleted',
      'its discount code does not exist any more',
      one('code-deleted', {
        discountCodes: [
          { discountCode: { typeId: 'discount-code', id: idOf('discount-code/gone') }, state: 'MatchesCart' },
        ],
      }),
    ),
    odd(
      'two-parcels',
      'shipped to two addresses',
      one('two-parcels', {
        shippingMode: 'Multiple',
        shipping: ['first', 'second'].map((shippingKey) => ({ shippingKey, ...shipping })),
      }),
    ),
    odd(
      'custom-fields-order',
      'custom fields, one named like a field of the order',
      one('custom-fields-order', {
        custom: {
          type: { typeId: 'type', id: IDS.orderType },
          fields: { giftMessage: 'Happy birthday, 太郎!', reason: '', orderNumber: 'shadow', paidInStore: false },
        },
      }),
    ),
  ];
}

function parcel(): NonNullable<Order['shippingInfo']> {
  return {
    shippingMethodName: 'Parcel',
    price: money(490),
    shippingRate: { price: money(490), tiers: [] },
    shippingMethodState: 'MatchesCart',
    deliveries: [],
  };
}

function states(): OddCase[] {
  const deliveries = ['2024-03-03T08:00:00.000Z', '2024-03-05T09:30:00.000Z'].map((createdAt, index) => ({
    id: idOf(`delivery/delivered/${index}`),
    createdAt,
    items: [],
    parcels: [],
  }));
  const later = '2024-04-01T12:00:00.000Z';
  return [
    odd('confirmed', 'confirmed', one('confirmed', { orderState: 'Confirmed', lastModifiedAt: later })),
    odd(
      'completed-import',
      'imported with a completion date',
      one('completed-import', {
        orderState: 'Complete',
        completedAt: '2024-03-10T00:00:00.000Z',
        lastModifiedAt: later,
      }),
    ),
    odd(
      'delivered',
      'complete, with two deliveries',
      one('delivered', {
        orderState: 'Complete',
        shipmentState: 'Delivered',
        shippingInfo: { ...parcel(), deliveries },
        lastModifiedAt: later,
      }),
    ),
    odd(
      'cancelled',
      'cancelled',
      one('cancelled', { orderState: 'Cancelled', shipmentState: 'Canceled', lastModifiedAt: later }),
    ),
    odd(
      'returned',
      'came back',
      one('returned', {
        orderState: 'Complete',
        lastModifiedAt: later,
        returnInfo: [{ items: [], returnTrackingId: 'R-1', returnDate: later }],
      }),
    ),
    odd('no-order-number', 'has no order number', withoutNumber(one('no-order-number'))),
  ];
}

function withoutNumber({ orderNumber: _, ...rest }: Order): Order {
  return rest;
}
