/** Sends a catalog item for each store with the store's URL, beside the item of the built-in rule. */
import { defineConfig, defineRule, itemOf, localizedText } from 'commercetools-klaviyo';

const stores = [
  { key: 'berlin', locale: 'de', url: 'https://berlin.shop.example/p' },
  { key: 'london', locale: 'en', url: 'https://london.shop.example/p' },
];

const storeItem = defineRule({
  name: 'store-item',
  summary: 'A product changed: one item for each store.',
  sends: 'catalog item for each store',
  facts: 'product',
  triggers: ['ProductPublished', 'ProductUnpublished', 'ResourceDeleted'],
  bulk: 'products',
  map(facts, settings) {
    const productId = facts.state === 'deleted' ? facts.id : facts.product.id;
    if (facts.state !== 'published') {
      return stores.map(({ key }) => ({ type: 'delete', recordType: 'item', externalId: `${productId}-${key}` }));
    }
    const built = itemOf(facts, settings);
    if ('skip' in built) return built;
    const { slug, name } = facts.product.masterData.current;
    return stores.map(({ key, locale, url }) => {
      const storeFields = {
        title: localizedText(name, locale) ?? built.item.title,
        url: `${url}/${localizedText(slug, locale) ?? productId}`,
      };
      return {
        ...built,
        item: { ...built.item, ...storeFields, external_id: `${productId}-${key}` },
        variants: built.variants.map((variant) => {
          const sku = `${variant.sku}-${key}`;
          return { ...variant, ...storeFields, external_id: sku, sku };
        }),
      };
    });
  },
});

export default defineConfig({ rules: [storeItem] });
