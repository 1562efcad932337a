/** What a ctk.config.ts is written with: both give back what they are given, for its types. */
import type { AnyCustomRule, CustomRule, FactsResource, Hooks } from './apply.ts';

/** The default export of a ctk.config.ts. */
export interface MerchantConfig {
  /** Change what the built-in rules write. */
  hooks?: Hooks;
  /** Rules of his own, from `defineRule`. */
  rules?: readonly AnyCustomRule[];
}

/** @returns the same, typed */
export function defineConfig(config: MerchantConfig): MerchantConfig {
  return config;
}

/** @returns the same rule, typed by the facts that it asks for */
export function defineRule<Name extends FactsResource>(rule: CustomRule<Name>): CustomRule<Name> {
  return rule;
}
