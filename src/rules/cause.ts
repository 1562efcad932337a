/** Extracts from a message the fields that rules need beyond the record: references and states, never personal data. */
import { z } from 'zod';
import type { Message } from '../commercetools/messages.ts';
import { emailSchema } from '../commercetools/schemas.ts';
import { omitUndefined } from '../lib/omit-undefined.ts';
import { present } from './fields/text.ts';
import type { Cause } from './types.ts';

const reference = z.looseObject({ id: z.string() });
const returnInfo = z.looseObject({ items: z.array(reference).default([]) });
/** ReturnInfoAdded has one, ReturnInfoSet a list. */
const returnInfos = z.union([z.array(returnInfo), returnInfo.transform((one) => [one])]);
const reviewFields = {
  target: z.looseObject({ typeId: z.string(), id: z.string() }).optional().catch(undefined),
  includedInStatistics: z.boolean().optional().catch(undefined),
};
const payloadSchema = z.looseObject({
  orderState: z.string().optional().catch(undefined),
  shipmentState: z.string().optional().catch(undefined),
  paymentState: z.string().optional().catch(undefined),
  delivery: reference.optional().catch(undefined),
  deliveryId: z.string().optional().catch(undefined),
  parcel: reference.optional().catch(undefined),
  parcelId: z.string().optional().catch(undefined),
  state: reference.optional().catch(undefined),
  toState: reference.optional().catch(undefined),
  lineItemId: z.string().optional().catch(undefined),
  customLineItemId: z.string().optional().catch(undefined),
  transitionDate: z.string().optional().catch(undefined),
  returnItemId: z.string().optional().catch(undefined),
  returnInfo: returnInfos.optional().catch(undefined),
  customer: reference.optional().catch(undefined),
  oldCustomer: reference.optional().catch(undefined),
  name: z.string().optional().catch(undefined),
  previousTypeId: z.string().optional().catch(undefined),
  oldEmail: emailSchema.optional().catch(undefined),
  sku: z.string().optional().catch(undefined),
  supplyChannel: reference.optional().catch(undefined),
  inventoryEntry: z
    .looseObject({ sku: z.string().optional(), supplyChannel: reference.optional() })
    .optional()
    .catch(undefined),
  review: z.looseObject(reviewFields).optional().catch(undefined),
  ...reviewFields,
  oldIncludedInStatistics: z.boolean().optional().catch(undefined),
  newIncludedInStatistics: z.boolean().optional().catch(undefined),
  standalonePrice: z.looseObject({ sku: z.string().optional() }).optional().catch(undefined),
});

const recordFields: Record<string, string> = {
  order: 'order',
  customer: 'customer',
  payment: 'payment',
  category: 'category',
};

export function causeOf(message: Message): Cause {
  const payload = message.payload ?? {};
  const parsed = payloadSchema.safeParse(payload);
  const fields = parsed.success ? parsed.data : {};
  const recordField = recordFields[message.resource.typeId];
  return {
    type: 'message',
    messageId: message.id,
    resource: message.resource,
    notificationType: message.notificationType,
    messageType: message.type,
    createdAt: message.createdAt,
    embedded: recordField !== undefined && typeof payload[recordField] === 'object',
    ...omitUndefined({
      payloadOmitted: message.notificationType === 'Message' && message.payload === undefined ? true : undefined,
      resourceVersion: message.resourceVersion,
      dataErasure: message.dataErasure,
      orderState: fields.orderState,
      shipmentState: fields.shipmentState,
      paymentState: fields.paymentState,
      deliveryId: fields.deliveryId ?? fields.delivery?.id,
      parcelId: fields.parcelId ?? fields.parcel?.id,
      stateId: fields.toState?.id ?? fields.state?.id,
      lineId: fields.lineItemId ?? fields.customLineItemId,
      transitionDate: fields.transitionDate,
      returnItemIds:
        fields.returnItemId === undefined
          ? fields.returnInfo?.flatMap(({ items }) => items.map(({ id }) => id))
          : [fields.returnItemId],
      customerId: fields.customer?.id,
      oldCustomerId: fields.oldCustomer?.id,
      removedField: message.type === 'CustomerCustomFieldRemoved' ? fields.name : undefined,
      previousTypeId: fields.previousTypeId,
      hadEmail: hadEmail(message, fields.oldEmail),
      sku: fields.sku ?? fields.inventoryEntry?.sku ?? fields.standalonePrice?.sku,
      reviewedProductId: message.resource.typeId === 'review' ? reviewedProductId(fields) : undefined,
      channelId: fields.supplyChannel?.id ?? fields.inventoryEntry?.supplyChannel?.id,
    }),
  };
}

/** Returns the product whose rating statistics the review is, or was, a part of. */
function reviewedProductId(fields: Partial<z.infer<typeof payloadSchema>>): string | undefined {
  const { target, includedInStatistics } = fields.review ?? fields;
  const { oldIncludedInStatistics, newIncludedInStatistics } = fields;
  const counts = includedInStatistics || oldIncludedInStatistics || newIncludedInStatistics;
  return counts && target?.typeId === 'product' ? target.id : undefined;
}

/** The e-mail itself is personal data, which a cause never has. */
function hadEmail({ type, payload }: Message, oldEmail: string | undefined): boolean | undefined {
  return type === 'OrderCustomerEmailSet' && payload !== undefined ? present(oldEmail) !== undefined : undefined;
}
