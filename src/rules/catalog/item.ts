/**
 * Item: a published product with its variants, or none any more.
 * https://developers.klaviyo.com/en/reference/create_catalog_item
 */

import type { RuleSettings } from '../settings.ts';
import {
  changes,
  changeTrigger,
  messageTriggers,
  originOf,
  type Rule,
  type RuleOutput,
  skip,
  type Trigger,
} from '../types.ts';
import { itemChange } from './item-change.ts';
import type { ItemFacts } from './item-facts.ts';
import { isAboutPrice, productPriceMessages, standalonePriceMessages } from './item-roots.ts';

export const item: Rule<ItemFacts> = {
  name: 'item',
  summary: 'A product was published, repriced, unpublished or deleted: the item and its variants follow.',
  sends: 'catalogue item with exactly its variants and categories',
  settings: [
    'product.messages.published',
    'product.messages.deleted',
    'product.inventory.useChannelInventory',
    'product.inventory.policy',
    'product.price.channel',
    'product.price.country',
    'product.price.discounted',
    'product.noDescription',
    'disabledEvents',
  ],
  bulk: 'products',
  triggers: ({ product }): Trigger[] => [
    ...publishedWakes(product.messages.published),
    ...messageTriggers('product', [...new Set(product.messages.deleted)], 'ProductUnpublished'),
    changeTrigger('product', 'ResourceDeleted', 'ProductResourceDeleted'),
  ],
  map(facts, settings) {
    switch (facts.state) {
      case 'gone':
        return changes([{ type: 'delete', recordType: 'item', externalId: facts.id }]);
      case 'unpublished':
        return unpublished(facts, settings);
      case 'published':
        return itemChange(facts, settings);
    }
  },
};

/** A published item is also written again when its prices change; who emptied the list wants neither. */
function publishedWakes(published: readonly string[]): Trigger[] {
  if (published.length === 0) return [];
  return [
    ...messageTriggers('product', [...new Set([...published, ...productPriceMessages])], 'ProductPublished'),
    ...messageTriggers('standalone-price', standalonePriceMessages, 'ProductPublished'),
  ];
}

function unpublished(
  { product, cause }: Extract<ItemFacts, { state: 'unpublished' }>,
  settings: RuleSettings,
): RuleOutput {
  const origin = originOf(cause);
  const realtime = origin.type === 'message';
  if (realtime && isAboutPrice(origin.type)) return skip('the product is not published');
  if (settings.product.messages.deleted.length === 0) {
    return skip('the product is not published, and product.messages.deleted is empty');
  }
  if (realtime && settings.disabledEvents.includes('ProductUnpublished')) {
    return skip('the product is not published, and disabledEvents has ProductUnpublished');
  }
  return changes([{ type: 'delete', recordType: 'item', externalId: product.id }]);
}
