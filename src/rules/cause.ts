/** What a message says beyond its record, as a cause: references and states, never personal data. */
import { z } from 'zod';
import type { Message } from '../commercetools/messages.ts';
import type { Cause } from './types.ts';

const reference = z.looseObject({ id: z.string() });
const said = z.looseObject({
  orderState: z.string().optional().catch(undefined),
  customer: reference.optional().catch(undefined),
  oldCustomer: reference.optional().catch(undefined),
  sku: z.string().optional().catch(undefined),
  supplyChannel: reference.optional().catch(undefined),
  inventoryEntry: z
    .looseObject({ sku: z.string().optional(), supplyChannel: reference.optional() })
    .optional()
    .catch(undefined),
  standalonePrice: z.looseObject({ sku: z.string().optional() }).optional().catch(undefined),
});

/** Payload fields that hold the whole record. */
const carriers: Record<string, string> = {
  order: 'order',
  customer: 'customer',
  payment: 'payment',
  category: 'category',
};

/** @returns the cause that rules see, and that a dead letter keeps */
export function causeOf(message: Message): Cause {
  const payload = message.payload ?? {};
  const parsed = said.safeParse(payload);
  const about = parsed.success ? parsed.data : {};
  const carrier = carriers[message.resource.typeId];
  const sku = about.sku ?? about.inventoryEntry?.sku ?? about.standalonePrice?.sku;
  const channelId = about.supplyChannel?.id ?? about.inventoryEntry?.supplyChannel?.id;
  return {
    type: 'message',
    messageId: message.id,
    resource: message.resource,
    notificationType: message.notificationType,
    messageType: message.type,
    createdAt: message.createdAt,
    embedded: carrier !== undefined && typeof payload[carrier] === 'object',
    ...(message.notificationType === 'Message' && message.payload === undefined ? { payloadOmitted: true } : {}),
    ...(message.resourceVersion === undefined ? {} : { resourceVersion: message.resourceVersion }),
    ...(about.orderState === undefined ? {} : { orderState: about.orderState }),
    ...(about.customer === undefined ? {} : { customerId: about.customer.id }),
    ...(about.oldCustomer === undefined ? {} : { oldCustomerId: about.oldCustomer.id }),
    ...(sku === undefined ? {} : { sku }),
    ...(channelId === undefined ? {} : { channelId }),
  };
}
