/** Derives Messages from a change, by resource type. Shapes: `message.d.ts` of the platform SDK. */
import type { Change } from '../changes.ts';
import type { MessageBody } from '../payloads.ts';
import type { Records } from '../records.ts';
import { categoryMessages, inventoryMessages, standalonePriceMessages } from './catalog.ts';
import { customerMessages } from './customer.ts';
import { orderMessages, paymentMessages } from './order.ts';
import { productMessages } from './product.ts';

type MessagesOf = (change: Change, records: Records) => MessageBody[];

const byType: Readonly<Record<string, MessagesOf>> = {
  category: categoryMessages,
  customer: customerMessages,
  'inventory-entry': inventoryMessages,
  order: orderMessages,
  payment: paymentMessages,
  product: productMessages,
  'standalone-price': standalonePriceMessages,
};

/** Returns the Messages of a change in the order of their sequence numbers. */
export function messagesOf(change: Change, records: Records): MessageBody[] {
  return byType[change.typeId]?.(change, records) ?? [];
}
