/** Confirmed Shipment: a parcel is on its way. */
import type { RuleSettings } from '../settings.ts';
import { messageCauseOf, messageTriggers, type Skip } from '../types.ts';
import type { OrderFacts, OrderRule } from './facts.ts';
import { priceOf } from './line-share.ts';
import { messageTime, type OrderEventDraft, orderEventRule } from './order-event.ts';
import { partPropertySettings } from './part-properties.ts';
import { type ShippedDelivery, type ShippedParcel, shippedDeliveries } from './shipped-parts.ts';
import { type Shipment, shipmentProperties, shipmentSettings, trackingIdOf } from './tracking.ts';

export const shipment: OrderRule = orderEventRule({
  name: 'shipment',
  summary: 'A parcel got its tracking number (with `shipments.when`: a parcel, or a delivery, was added).',
  metric: 'confirmedShipment',
  per: 'each parcel',
  settings: ['shipments.when', ...shipmentSettings],
  ownPropertySettings: partPropertySettings,
  moment: 'later',
  triggers: () =>
    messageTriggers('order', ['DeliveryAdded', 'ParcelAddedToDelivery', 'ParcelTrackingDataUpdated'], 'OrderShipment'),
  events(facts, settings) {
    const { deliveryId, parcelId } = messageCauseOf(facts.cause) ?? {};
    const deliveries = shippedDeliveries(facts.order);
    if (deliveries.length === 0) return { skip: 'the order has no deliveries' };
    const meant = deliveries.filter(({ delivery }) => deliveryId === undefined || delivery.id === deliveryId);
    if (meant.length === 0) return { skip: 'the delivery is no longer in the order' };
    if (settings.shipments.when === 'delivery') return meant.map((shipped) => deliveryEvent(shipped, facts, settings));
    const parcels = meant.flatMap((shipped) => shipped.parcels.map((parcel) => ({ shipped, parcel })));
    const meantParcels = parcels.filter(({ parcel }) => parcelId === undefined || parcel.parcel.id === parcelId);
    if (parcelId !== undefined && meantParcels.length === 0) return { skip: 'the parcel is no longer in the order' };
    if (meantParcels.length === 0) return { skip: 'the delivery has no parcels yet' };
    return meantParcels.map(({ shipped, parcel }) => parcelEvent(shipped, parcel, { facts, settings }));
  },
});

function deliveryEvent(shipped: ShippedDelivery, facts: OrderFacts, settings: RuleSettings): OrderEventDraft | Skip {
  const { delivery, pieces, parcels } = shipped;
  if (delivery.id === undefined) return { skip: 'the id of a delivery is missing or malformed' };
  if (shipped.isReturn) return { skip: 'the delivery is a return' };
  const outgoing = parcels.map(({ parcel }) => parcel).filter(({ trackingData }) => trackingData?.isReturn !== true);
  const dated = { id: delivery.id, createdAt: delivery.createdAt, counted: pieces };
  return draftOf(dated, { shipped, parcels: outgoing, pieces }, { facts, settings });
}

interface Context {
  facts: OrderFacts;
  settings: RuleSettings;
}

function parcelEvent(shipped: ShippedDelivery, { parcel, counted, shown }: ShippedParcel, context: Context) {
  const { id, createdAt, trackingData } = parcel;
  if (id === undefined) return { skip: 'the id of a parcel is missing or malformed' };
  if (trackingData?.isReturn === true) return { skip: 'the parcel carries a return' };
  if (context.settings.shipments.when === 'tracking' && trackingIdOf(parcel) === undefined)
    return { skip: 'the parcel has no tracking number yet (shipments.when)' };
  return draftOf({ id, createdAt, counted }, { shipped, parcels: [parcel], pieces: shown }, context);
}

function draftOf(
  { id, createdAt, counted }: { id: string; createdAt: string | undefined; counted: Shipment['pieces'] },
  content: Shipment,
  { facts, settings }: Context,
): OrderEventDraft {
  const { order, cause } = facts;
  // A message without payload does not say which parcel it is about: older ones must not trigger flows.
  const isKnown = messageCauseOf(cause)?.deliveryId !== undefined;
  return {
    uniqueId: `${order.id}:${id}`,
    times: [messageTime(facts), createdAt, order.lastModifiedAt],
    ...(isKnown || createdAt === undefined ? {} : { datedAt: createdAt }),
    value: priceOf(counted, order),
    properties: shipmentProperties(facts, content, settings),
  };
}
