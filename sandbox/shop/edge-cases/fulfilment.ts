/** Edge cases of orders that were shipped, or came back. */
import type { Delivery, DeliveryItem, LineItemReturnItem, Order, Parcel } from '@commercetools/platform-sdk';
import { address } from '../seed/builders.ts';
import { shippingMethod } from '../seed/fulfilment.ts';
import { money } from '../seed/money.ts';
import { idOf } from '../seed/random.ts';
import { type EdgeCase, edgeCaseBuilder } from './edge-case.ts';
import { line, namedOrder } from './named-order.ts';

const edgeCase = edgeCaseBuilder('order');

const shippedAt = '2024-03-03T08:00:00.000Z';
const laterAt = '2024-03-05T09:30:00.000Z';
const returnedAt = '2024-03-20T10:00:00.000Z';

function pieces(name: string, quantity: number): DeliveryItem[] {
  return [{ id: idOf(`line/${name}/1`), quantity }];
}

function parcel(name: string, fields: Partial<Parcel> = {}): Parcel {
  return { id: idOf(`parcel/${name}`), createdAt: shippedAt, ...fields };
}

function delivery(name: string, fields: Partial<Delivery>): Delivery {
  return { id: idOf(`delivery/${name}`), createdAt: shippedAt, items: [], parcels: [], ...fields };
}

/** Three pieces for 10.00, which no cent divides. */
function orderOfThree(name: string, fields: Partial<Order>): Order {
  const lineItems = [line(name, { quantity: 3, totalPrice: money(1_000) })];
  return namedOrder(name, { lineItems, lastModifiedAt: laterAt, ...fields });
}

function shipped(name: string, ...deliveries: Delivery[]): Order {
  return orderOfThree(name, { shippingInfo: { ...shippingMethod('EUR'), deliveries } });
}

/** Returns the edge cases of shipments and returns. */
export function fulfilmentEdgeCases(): EdgeCase[] {
  return [...shipments(), ...returns()];
}

function shipments(): EdgeCase[] {
  const tracked = (trackingId: string) => ({ trackingData: { trackingId, carrier: 'UPS' } });
  const inParts = [
    delivery('in-parts-1', {
      items: pieces('shipped-in-parts', 2),
      parcels: [parcel('in-parts-1', { ...tracked('U-1'), items: pieces('shipped-in-parts', 2) })],
    }),
    delivery('in-parts-2', {
      createdAt: laterAt,
      items: pieces('shipped-in-parts', 1),
      parcels: [
        parcel('in-parts-2', { createdAt: laterAt, ...tracked('U-2') }),
        parcel('in-parts-back', { createdAt: laterAt, trackingData: { trackingId: 'U-3', isReturn: true } }),
      ],
    }),
  ];
  const untracked = delivery('untracked', {
    items: pieces('shipped-without-number', 3),
    parcels: [parcel('untracked')],
  });
  const express = delivery('express', {
    items: pieces('shipped-by-two-methods', 1),
    parcels: [parcel('express', tracked('U-4'))],
  });
  const shipping = ['standard', 'express'].map((shippingKey) => ({
    shippingKey,
    shippingAddress: address(),
    shippingInfo: { ...shippingMethod('EUR'), deliveries: shippingKey === 'express' ? [express] : [] },
  }));
  return [
    edgeCase('shipped-in-parts', 'in two parcels, one more carries a return', shipped('shipped-in-parts', ...inParts)),
    edgeCase(
      'shipped-without-number',
      'its parcel has no tracking number',
      shipped('shipped-without-number', untracked),
    ),
    edgeCase(
      'shipped-by-two-methods',
      'shipping mode Multiple, partly shipped',
      orderOfThree('shipped-by-two-methods', { shippingMode: 'Multiple', shipping }),
    ),
  ];
}

function returns(): EdgeCase[] {
  const item = (name: string, fields: Partial<LineItemReturnItem>): LineItemReturnItem => ({
    ...{ id: idOf(`return/${name}`), type: 'LineItemReturnItem' as const, lineItemId: idOf(`line/${name}/1`) },
    ...{ quantity: 2, shipmentState: 'Advised' as const, paymentState: 'Initial' as const },
    ...{ createdAt: laterAt, lastModifiedAt: laterAt, ...fields },
  });
  const returned = (name: string, fields: Partial<LineItemReturnItem>, returnDate?: string) =>
    orderOfThree(name, {
      returnInfo: [{ items: [item(name, fields)], ...(returnDate === undefined ? {} : { returnDate }) }],
    });
  const received = { shipmentState: 'Unusable' as const, lastModifiedAt: returnedAt };
  return [
    edgeCase('return-announced', 'a return is announced for a day', returned('return-announced', {}, returnedAt)),
    edgeCase('return-arrived', 'a return was announced and arrived', returned('return-arrived', received)),
    edgeCase(
      'return-unannounced',
      'a return arrived unannounced',
      returned('return-unannounced', { shipmentState: 'Returned' }),
    ),
  ];
}
