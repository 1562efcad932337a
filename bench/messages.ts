/** Messages of commercetools as Google Pub/Sub pushes them. */
import { entryIdOf, idOf, order, type ShopSize } from './fakes/records.ts';

/** Returns a Google Pub/Sub envelope with a commercetools message. */
function envelope(payload: object, messageId: string): string {
  const data = Buffer.from(JSON.stringify(payload)).toString('base64');
  return JSON.stringify({ message: { data, messageId, publishTime: '2026-03-15T08:00:00Z' }, subscription: 'bench' });
}

/** Returns an OrderCreated message with the current time. @param shopSize of the environment, whose products it is about */
export function orderCreated(number: number, shopSize: ShopSize): string {
  const at = new Date().toISOString();
  const payload = {
    notificationType: 'Message',
    projectKey: 'shop',
    id: `message-${number}`,
    version: 1,
    sequenceNumber: 1,
    resource: { typeId: 'order', id: order(number, shopSize).id },
    resourceVersion: 1,
    type: 'OrderCreated',
    createdAt: at,
    lastModifiedAt: at,
    order: { ...order(number, shopSize), createdAt: at },
  };
  return envelope(payload, `m${number}`);
}

/** Returns a change of a SKU's inventory entry. */
export function stockChanged(sku: string, version: number): string {
  const at = new Date().toISOString();
  const payload = {
    notificationType: 'ResourceUpdated',
    projectKey: 'shop',
    resource: { typeId: 'inventory-entry', id: entryIdOf(sku) },
    version,
    oldVersion: version - 1,
    modifiedAt: at,
  };
  return envelope(payload, `s${sku}-${version}`);
}

/** Returns a change of a customer. */
export function customerChanged(number: number, { customers }: ShopSize): string {
  const payload = {
    notificationType: 'ResourceUpdated',
    projectKey: 'shop',
    resource: { typeId: 'customer', id: idOf(number, customers) },
    version: 2,
    oldVersion: 1,
    modifiedAt: new Date().toISOString(),
  };
  return envelope(payload, `c${number}`);
}
