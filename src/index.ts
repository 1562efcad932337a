/** What the package offers to a merchant's ctk.config.ts; docs/extension.md says how it is used. */
export type { Customer, Money, Order, Product } from './commercetools/schemas.ts';
export type {
  CategoryPlace,
  CustomChange as OwnChange,
  CustomRule as OwnRule,
  EventDraft,
  FactsByResource as FactsOf,
  Hook,
  HookContext,
  Hooks,
  ProfileDraft,
  PublishedFacts,
  Skip,
} from './extension/apply.ts';
export { defineConfig, defineRule, type MerchantConfig } from './extension/define.ts';
export { itemOf, profileOf, skip } from './extension/order-building-blocks.ts';
export type { CatalogCategory as Category, CatalogItem as Item, CatalogVariant as Variant } from './klaviyo/change.ts';
export { majorUnits } from './rules/fields/money.ts';
export { localizedText } from './rules/fields/text.ts';
