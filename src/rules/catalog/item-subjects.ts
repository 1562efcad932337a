/** Finds the products of a message about a product or a standalone price. */
import { z } from 'zod';
import type { Message } from '../../commercetools/messages.ts';
import type { Product } from '../../commercetools/schemas.ts';
import { messageCauseOf, minVersionOf, type RuleContext, type Subjects } from '../types.ts';

/** `changedSku`: the sku of the standalone price that a message is about. */
export type ItemSubject =
  | { state: 'present'; product: Product; changedSku?: string }
  | { state: 'deleted'; id: string };

/**
 * Messages after which a standalone price may differ. Keys, tiers and staged values do not affect items.
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
 * Messages after which an embedded price may differ. Keys and custom fields do not affect items.
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

/**
 * Messages after which the rating of a product may differ; commercetools sends no message of the product then.
 * https://docs.commercetools.com/api/projects/messages/review-messages
 */
export const reviewMessages = ['ReviewCreated', 'ReviewRatingSet', 'ReviewStateTransition'] as const;

/** Returns whether a message is about a price. Such a message never deletes the item of an unpublished product. */
export function isAboutPrice(messageType: string): boolean {
  return [...standalonePriceMessages, ...productPriceMessages].some((type) => type === messageType);
}

/** Reads the products of a message instead of using the payload: a message may arrive late or repeatedly. */
export async function itemSubjects(message: Message, context: RuleContext): Promise<Subjects<ItemSubject>> {
  const { id, typeId } = message.resource;
  if (typeId === 'standalone-price') return productsOfPrice(message, context);
  if (typeId === 'review') return reviewedProduct(context);
  // The message alone is no proof. A product that still exists is written as it is.
  const isDeletion = message.notificationType === 'ResourceDeleted';
  if (isDeletion && (await context.lookups.isDeleted('product', id))) return { subjects: [{ state: 'deleted', id }] };
  if (isOnlyStaged(message))
    return { skip: 'the price is only staged: it is not public before the product is published' };
  const product = await context.lookups.product(id, minVersionOf(context.cause, message.resource));
  if (product) return { subjects: [{ state: 'present', product }] };
  const isUnpublication = context.settings.product.messages.deleted.some((type) => type === message.type);
  return isUnpublication ? { subjects: [{ state: 'deleted', id }] } : { skip: 'the product no longer exists' };
}

async function reviewedProduct({ lookups, cause }: RuleContext): Promise<Subjects<ItemSubject>> {
  const message = messageCauseOf(cause);
  if (message?.payloadOmitted) return { skip: 'the message does not say what was reviewed: the next sync sends it' };
  const id = message?.reviewedProductId;
  if (id === undefined) return { skip: 'the review is not part of the statistics of a product' };
  const product = await lookups.product(id, 0);
  return product ? { subjects: [{ state: 'present', product }] } : { skip: 'the product no longer exists' };
}

async function productsOfPrice({ resource }: Message, { lookups, cause }: RuleContext): Promise<Subjects<ItemSubject>> {
  const readPrice = () => lookups.standalonePrice(resource.id, minVersionOf(cause, resource));
  const sku = messageCauseOf(cause)?.sku ?? (await readPrice())?.sku;
  if (sku === undefined) return { skip: 'the price no longer exists' };
  const products = await lookups.productsWithSku(sku);
  const priced = products.filter(({ priceMode }) => priceMode === 'Standalone');
  if (products.length === 0) return { skip: "no product has the price's sku" };
  if (priced.length === 0) return { skip: 'the product has embedded prices (priceMode Embedded)' };
  return { subjects: priced.map((product) => ({ state: 'present', product, changedSku: sku })) };
}

const staged = z.looseObject({ staged: z.literal(true) });
const updatedPrices = z.looseObject({ updatedPrices: z.array(staged).min(1) });

/** Returns whether all prices of the message are staged. ProductPriceDiscountsSet says so for each price. */
function isOnlyStaged({ type, payload }: Message): boolean {
  if (!productPriceMessages.some((known) => known === type)) return false;
  return staged.safeParse(payload).success || updatedPrices.safeParse(payload).success;
}
