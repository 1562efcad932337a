/** Functions for writing a typed ctk.config.ts. Both return their argument. */
import type { AnyCustomRule, CustomRule, FactsResource, Hooks } from './types.ts';

export interface MerchantConfig {
  hooks?: Hooks;
  /** Custom rules, from `defineRule`. */
  rules?: readonly AnyCustomRule[];
}

/** Returns the configuration unchanged, for its type. */
export function defineConfig(config: MerchantConfig): MerchantConfig {
  return config;
}

/** Returns the rule unchanged, typed by its facts. */
export function defineRule<Name extends FactsResource>(rule: CustomRule<Name>): CustomRule<Name> {
  return rule;
}
