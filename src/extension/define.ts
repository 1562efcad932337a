/** What a ctk.config.ts is written with: both give back what they are given, for its types. */
import type { AnyOwnRule, FactsName, Hooks, OwnRule } from './apply.ts';

/** The default export of a ctk.config.ts. */
export interface MerchantConfig {
  /** Change what the built-in rules write. */
  hooks?: Hooks;
  /** Rules of his own, from `defineRule`. */
  rules?: readonly AnyOwnRule[];
}

/** @returns the same, typed */
export function defineConfig(config: MerchantConfig): MerchantConfig {
  return config;
}

/** @returns the same rule, typed by the facts that it asks for */
export function defineRule<Name extends FactsName>(rule: OwnRule<Name>): OwnRule<Name> {
  return rule;
}
