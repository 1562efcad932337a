/** Edge cases of orders: buyers, line items, totals and states. */
import type { LineItem, Order } from '@commercetools/platform-sdk';
import { IDS } from '../seed/base-data.ts';
import { address, customLineItem, money } from '../seed/builders.ts';
import { shippingMethod } from '../seed/fulfilment.ts';
import { idOf } from '../seed/random.ts';
import { type EdgeCase, edgeCaseBuilder } from './edge-case.ts';
import { line, namedOrder } from './named-order.ts';

const edgeCase = edgeCaseBuilder('order');

/** Returns the order edge cases. */
export function orderEdgeCases(): EdgeCase[] {
  return [...buyers(), ...lines(), ...totals(), ...states()];
}

function buyers(): EdgeCase[] {
  const { customerEmail: _, ...withoutBuyer } = namedOrder('nobody');
  const { customerEmail: __, ...byId } = namedOrder('customer-without-email', {
    customerId: idOf('customer/all-fields'),
  });
  const { billingAddress: ___, shippingAddress: ____, ...withoutAddresses } = namedOrder('no-addresses');
  return [
    edgeCase('nobody', 'neither e-mail nor customer', withoutBuyer),
    edgeCase('customer-without-email', 'has a customer, no e-mail', byId),
    edgeCase('guest', 'has an e-mail, no customer', namedOrder('guest', { anonymousId: idOf('visit/guest') })),
    edgeCase('no-addresses', 'has no address', withoutAddresses),
    edgeCase(
      'customer-deleted',
      'its customer does not exist any more',
      namedOrder('customer-deleted', { customerId: idOf('customer/deleted') }),
    ),
    edgeCase(
      'other-email',
      'its e-mail is not that of its customer',
      namedOrder('other-email', { customerId: idOf('customer/all-fields'), customerEmail: 'office@example.com' }),
    ),
    edgeCase(
      'email-in-capitals',
      'e-mail in another spelling than the customer has',
      namedOrder('email-in-capitals', { customerEmail: 'CASE@EXAMPLE.COM' }),
    ),
    edgeCase(
      'business',
      'of a business unit and a store',
      namedOrder('business', {
        businessUnit: { typeId: 'business-unit', key: 'acme' },
        store: { typeId: 'store', key: 'berlin' },
      }),
    ),
    edgeCase(
      'from-recurring',
      'made by a recurring order',
      namedOrder('from-recurring', {
        recurringOrder: { typeId: 'recurring-order', id: idOf('recurring-order/weekly') },
      }),
    ),
  ];
}

function lines(): EdgeCase[] {
  const wrapping = customLineItem({ id: idOf('custom-line/wrapping') });
  const gift = line('gift', { lineItemMode: 'GiftLineItem', totalPrice: money(0), unitCents: 0 }, 2);
  return [
    edgeCase(
      'custom-lines-only',
      'no line of a product',
      namedOrder('custom-lines-only', { lineItems: [], customLineItems: [wrapping] }),
    ),
    edgeCase(
      'both-kinds-of-lines',
      'a product and gift wrapping',
      namedOrder('both-kinds-of-lines', { customLineItems: [wrapping] }),
    ),
    edgeCase(
      'no-lines',
      'nothing in it',
      namedOrder('no-lines', { lineItems: [], customLineItems: [], totalPrice: money(0) }),
    ),
    edgeCase('gift', 'with a gift that costs nothing', namedOrder('gift', { lineItems: [line('gift'), gift] })),
    edgeCase(
      'hundred-lines',
      'a hundred lines',
      namedOrder('hundred-lines', {
        lineItems: Array.from({ length: 100 }, (_, index) =>
          line('hundred-lines', { unitCents: 100 + index }, index + 1),
        ),
      }),
    ),
    edgeCase(
      'product-deleted',
      'its product does not exist any more',
      namedOrder('product-deleted', { lineItems: [line('product-deleted', { productId: idOf('product/deleted') })] }),
    ),
    edgeCase(
      'many-category-product',
      'its product is in several categories',
      namedOrder('many-category-product', {
        lineItems: [line('many-category-product', { productId: idOf('product/many-categories') })],
      }),
    ),
    edgeCase(
      'same-name-twice',
      'two lines with the same name',
      namedOrder('same-name-twice', { lineItems: [line('same-name-twice'), line('same-name-twice', {}, 2)] }),
    ),
    edgeCase(
      'empty-name',
      'a line whose English name is empty',
      namedOrder('empty-name', { lineItems: [line('empty-name', { name: { en: '', 'de-DE': 'Nur deutsch' } })] }),
    ),
    edgeCase(
      'no-slug',
      'a line without productSlug',
      namedOrder('no-slug', { lineItems: [withoutSlug(line('no-slug'))] }),
    ),
  ];
}

function withoutSlug({ productSlug: _, ...rest }: LineItem): LineItem {
  return rest;
}

function totals(): EdgeCase[] {
  const { taxedPrice: _, ...untaxed } = namedOrder('untaxed');
  const inCurrency = (name: string, cents: number, currency: string) =>
    edgeCase(
      name,
      `paid in ${currency}`,
      namedOrder(name, { lineItems: [line(name, { unitCents: cents, currency })] }),
    );
  const shipping = { shippingAddress: address({ id: 'second', city: 'Köln' }), shippingInfo: shippingMethod('EUR') };
  return [
    edgeCase('untaxed', 'has no taxed price', untaxed),
    inCurrency('yen', 3000, 'JPY'),
    inCurrency('dinar', 7125, 'KWD'),
    inCurrency('pounds', 2150, 'GBP'),
    inCurrency('dollars', 9999, 'USD'),
    edgeCase('free', 'costs nothing', namedOrder('free', { lineItems: [line('free', { unitCents: 0 })] })),
    edgeCase(
      'discounted',
      'two discount codes and a discount on the total',
      namedOrder('discounted', {
        discountCodes: [IDS.welcomeCode, IDS.summerCode].map((id) => ({
          discountCode: { typeId: 'discount-code', id },
          state: 'MatchesCart',
        })),
        totalPrice: money(1499),
        discountOnTotalPrice: { discountedAmount: money(500), includedDiscounts: [] },
      }),
    ),
    edgeCase(
      'code-deleted',
      'its discount code does not exist any more',
      namedOrder('code-deleted', {
        discountCodes: [
          { discountCode: { typeId: 'discount-code', id: idOf('discount-code/gone') }, state: 'MatchesCart' },
        ],
      }),
    ),
    edgeCase(
      'two-parcels',
      'shipped to two addresses',
      namedOrder('two-parcels', {
        shippingMode: 'Multiple',
        shipping: ['first', 'second'].map((shippingKey) => ({ shippingKey, ...shipping })),
      }),
    ),
    edgeCase(
      'custom-fields-order',
      'custom fields, one named like a field of the order',
      namedOrder('custom-fields-order', {
        custom: {
          type: { typeId: 'type', id: IDS.orderType },
          fields: { giftMessage: 'Happy birthday, 太郎!', reason: '', orderNumber: 'shadow', paidInStore: false },
        },
      }),
    ),
  ];
}

function states(): EdgeCase[] {
  const deliveries = ['2024-03-03T08:00:00.000Z', '2024-03-05T09:30:00.000Z'].map((createdAt, index) => ({
    id: idOf(`delivery/delivered/${index}`),
    createdAt,
    items: [],
    parcels: [],
  }));
  const later = '2024-04-01T12:00:00.000Z';
  return [
    edgeCase('confirmed', 'confirmed', namedOrder('confirmed', { orderState: 'Confirmed', lastModifiedAt: later })),
    edgeCase(
      'completed-import',
      'imported with a completion date',
      namedOrder('completed-import', {
        orderState: 'Complete',
        completedAt: '2024-03-10T00:00:00.000Z',
        lastModifiedAt: later,
      }),
    ),
    edgeCase(
      'delivered',
      'complete, with two deliveries',
      namedOrder('delivered', {
        orderState: 'Complete',
        shipmentState: 'Delivered',
        shippingInfo: { ...shippingMethod('EUR'), deliveries },
        lastModifiedAt: later,
      }),
    ),
    edgeCase(
      'cancelled',
      'cancelled',
      namedOrder('cancelled', { orderState: 'Cancelled', shipmentState: 'Canceled', lastModifiedAt: later }),
    ),
    edgeCase(
      'returned',
      'came back',
      namedOrder('returned', {
        orderState: 'Complete',
        lastModifiedAt: later,
        returnInfo: [{ items: [], returnTrackingId: 'R-1', returnDate: later }],
      }),
    ),
    edgeCase('no-order-number', 'has no order number', withoutNumber(namedOrder('no-order-number'))),
  ];
}

function withoutNumber({ orderNumber: _, ...rest }: Order): Order {
  return rest;
}
