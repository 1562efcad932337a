/**
 * Item: sends a published product with its variants, and deletes the item of an unpublished or deleted product.
 * https://developers.klaviyo.com/en/reference/create_catalog_item
 */

import type { ConfiguredMessageType } from '../configured-message-types.ts';
import type { RuleSettings } from '../settings.ts';
import {
  changes,
  changeTrigger,
  messageCauseOf,
  messageTriggers,
  type Rule,
  type RuleOutput,
  skip,
  type Trigger,
} from '../types.ts';
import { itemChange } from './item-change.ts';
import type { ItemFacts } from './item-facts.ts';
import { isAboutPrice, productPriceMessages, reviewMessages, standalonePriceMessages } from './item-subjects.ts';

export const item: Rule<ItemFacts> = {
  name: 'item',
  summary: 'A product was published, repriced, unpublished or deleted; or rated, with `catalog.ratings`.',
  sends: 'catalogue item with exactly its variants and categories',
  settings: [
    'product.messages.published',
    'product.messages.deleted',
    'product.inventory.useChannelInventory',
    'product.inventory.withoutChannel',
    'product.inventory.policy',
    'product.price.channel',
    'product.price.country',
    'product.price.discounted',
    'product.noDescription',
    'catalog.ratings',
    'disabledEvents',
  ],
  bulk: 'products',
  triggers: ({ product, catalog }): Trigger[] => [
    ...publishedTriggers(product.messages.published),
    ...(catalog.ratings ? messageTriggers('review', reviewMessages, 'ProductPublished') : []),
    ...messageTriggers('product', product.messages.deleted, 'ProductUnpublished'),
    changeTrigger('product', 'ResourceDeleted', 'ProductResourceDeleted'),
  ],
  map(facts, settings) {
    switch (facts.state) {
      case 'deleted':
        return changes([{ type: 'delete', recordType: 'item', externalId: facts.id }]);
      case 'unpublished':
        return unpublished(facts, settings);
      case 'published':
        return itemChange(facts, settings);
    }
  },
};

/** Price changes update a published item as well. An empty list switches both off. */
function publishedTriggers(published: readonly ConfiguredMessageType[]): Trigger[] {
  if (published.length === 0) return [];
  return [
    ...messageTriggers('product', [...published, ...productPriceMessages], 'ProductPublished'),
    ...messageTriggers('standalone-price', standalonePriceMessages, 'ProductPublished'),
  ];
}

function unpublished(
  { product, cause }: Extract<ItemFacts, { state: 'unpublished' }>,
  settings: RuleSettings,
): RuleOutput {
  const message = messageCauseOf(cause);
  if (message && (isAboutPrice(message.messageType) || message.resource.typeId === 'review'))
    return skip('the product is not published');
  if (settings.product.messages.deleted.length === 0) {
    return skip('the product is not published, and product.messages.deleted is empty');
  }
  if (message && settings.disabledEvents.includes('ProductUnpublished')) {
    return skip('the product is not published, and disabledEvents has ProductUnpublished');
  }
  return changes([{ type: 'delete', recordType: 'item', externalId: product.id }]);
}
