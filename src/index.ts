/** Public API of the package for a ctk.config.ts; see docs/extension.md. */
export type { Customer, Money, Order, Product, StoredCategory } from './commercetools/schemas.ts';
export { defineConfig, defineRule, type MerchantConfig } from './extension/define.ts';
export { itemOf, profileOf, skip } from './extension/order-building-blocks.ts';
export type {
  CategoryPlace,
  CustomChange,
  CustomRule,
  EventDraft,
  FactsByResource,
  Hook,
  HookContext,
  Hooks,
  ProfileDraft,
  PublishedFacts,
  Skip,
} from './extension/types.ts';
export type { CatalogCategory as Category, CatalogItem as Item, CatalogVariant as Variant } from './klaviyo/change.ts';
export { type CartLink, cartIdOf } from './rules/carts/link-token.ts';
export { majorUnits } from './rules/fields/money.ts';
export { localizedText } from './rules/fields/text.ts';
