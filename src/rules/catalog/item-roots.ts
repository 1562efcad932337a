/** Which product a message is about: its own messages, and those of its prices. */
import { z } from 'zod';
import type { Message } from '../../commercetools/messages.ts';
import type { Product } from '../../commercetools/schemas.ts';
import { type EvaluationContext, originOf, type Subjects } from '../types.ts';

export type ItemRoot = { state: 'there'; product: Product } | { state: 'gone'; id: string };

/**
 * Messages after which a standalone price may be another one. Keys, tiers and what is staged change nothing here.
 * https://docs.commercetools.com/api/projects/messages/standalone-price-messages
 */
export const standalonePriceMessages = [
  'StandalonePriceCreated',
  'StandalonePriceDeleted',
  'StandalonePriceValueChanged',
  'StandalonePriceActiveChanged',
  'StandalonePriceDiscountSet',
  'StandalonePriceExternalDiscountSet',
  'StandalonePriceValidFromSet',
  'StandalonePriceValidUntilSet',
  'StandalonePriceValidFromAndUntilSet',
  'StandalonePriceStagedChangesApplied',
] as const;

/**
 * Messages after which an embedded price may be another one. Keys and custom fields change nothing here.
 * https://docs.commercetools.com/api/projects/messages/product-catalog-messages
 */
export const productPriceMessages = [
  'ProductPriceAdded',
  'ProductPriceChanged',
  'ProductPriceRemoved',
  'ProductPricesSet',
  'ProductPriceDiscountsSet',
  'ProductPriceExternalDiscountSet',
  'ProductPriceModeSet',
] as const;

/** Whether a message is about a price: then a product that is not published has nothing to hide in Klaviyo. */
export function isAboutPrice(messageType: string): boolean {
  return [...standalonePriceMessages, ...productPriceMessages].some((type) => type === messageType);
}

/** The products of a message. Always read, never taken from it: it may come late or again. */
export async function itemRoots(
  message: Message,
  reading: Omit<EvaluationContext, 'needs'>,
): Promise<Subjects<ItemRoot>> {
  const { id, typeId } = message.resource;
  if (typeId === 'standalone-price') return productsOfPrice(id, reading);
  if (message.notificationType === 'ResourceDeleted') return { subjects: [{ state: 'gone', id }] };
  if (isOnlyStaged(message))
    return { skip: 'the price is only staged: it is not public before the product is published' };
  const product = await reading.lookups.product(id);
  return product ? { subjects: [{ state: 'there', product }] } : { skip: 'the product is gone' };
}

async function productsOfPrice(
  priceId: string,
  { lookups, cause }: Omit<EvaluationContext, 'needs'>,
): Promise<Subjects<ItemRoot>> {
  const origin = originOf(cause);
  const told = origin.type === 'message' ? origin.sku : undefined;
  const sku = told ?? (await lookups.standalonePrice(priceId))?.sku;
  if (sku === undefined) return { skip: 'the price is gone' };
  const products = await lookups.productsWithSku(sku);
  const priced = products.filter(({ priceMode }) => priceMode === 'Standalone');
  if (products.length === 0) return { skip: "no product has the price's sku" };
  if (priced.length === 0) return { skip: 'the product takes its prices from itself (priceMode Embedded)' };
  return { subjects: priced.map((product) => ({ state: 'there', product })) };
}

const staged = z.looseObject({ staged: z.literal(true) });
const updatedPrices = z.looseObject({ updatedPrices: z.array(staged).min(1) });

/** All that the message says is staged: ProductPriceDiscountsSet says so for each price. */
function isOnlyStaged({ type, payload }: Message): boolean {
  if (!productPriceMessages.some((known) => known === type)) return false;
  return staged.safeParse(payload).success || updatedPrices.safeParse(payload).success;
}
