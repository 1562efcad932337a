/** Warnings about valid but risky configurations, shown at the start and by `ctk check`. */

import type { RuleSettings } from '../rules/settings.ts';
import { acceptsPushes } from '../sources/index.ts';
import type { Environment } from './env/environment.ts';
import type { SourcesConfig } from './env/sources.ts';

export interface AccessConfig {
  realtime: boolean;
  bulk: boolean;
  allowUnauthenticatedPush: boolean;
  apiTokens: { full: readonly object[]; readOnly: readonly object[] };
  messageSources: SourcesConfig;
}

export function accessWarnings(config: AccessConfig): string[] {
  const { realtime, bulk, allowUnauthenticatedPush, apiTokens, messageSources } = config;
  const warnings: string[] = [];
  if (realtime && allowUnauthenticatedPush)
    warnings.push('ALLOW_UNAUTHENTICATED_PUSH is true: any client that can reach POST / can send messages');
  const hasTokens = apiTokens.full.length + apiTokens.readOnly.length > 0;
  if (!hasTokens && !allowUnauthenticatedPush && !acceptsPushes(messageSources)) {
    warnings.push(
      'API_TOKEN is not set: /sync serves callers on this machine only; POST / takes messages from this machine only, as nothing proves their sender (docs/security.md); from other machines only /health and /ready are answered',
    );
    return warnings;
  }
  const pulls = messageSources.sqs !== undefined || messageSources.kafka !== undefined;
  if (realtime && !allowUnauthenticatedPush && !pulls && !acceptsPushes(messageSources))
    warnings.push(
      'POST / takes no messages, as API_TOKEN is set: set what proves the sender (docs/security.md), or ALLOW_UNAUTHENTICATED_PUSH=true where the platform alone can reach it',
    );
  if (bulk && !hasTokens) warnings.push('API_TOKEN is not set: /sync serves callers on this machine only');
  return warnings;
}

/** A refund that is not Success may still fail, and Klaviyo keeps what it recorded. */
export function unsettledRefundStates({ payment }: Pick<RuleSettings, 'payment'>): string[] {
  return payment.states.validTransactionStates.filter((state) => ['Initial', 'Pending'].includes(state));
}

export function settingsWarnings(settings: Pick<RuleSettings, 'payment'>): string[] {
  const states = unsettledRefundStates(settings);
  if (states.length === 0) return [];
  return [
    `payment.states.validTransactionStates has ${states.join(' and ')}: such a refund is recorded before it is certain, and stays in Klaviyo if it fails`,
  ];
}

export function environmentWarnings({ PRODUCT_URL_TEMPLATE: template }: Environment): string[] {
  if (template === '' || template.includes('{{productSlug}}')) return [];
  return ['PRODUCT_URL_TEMPLATE holds no {{productSlug}}: every product gets the same URL'];
}
