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
      'API_TOKEN is not set: /sync accepts localhost only; POST / accepts messages from localhost only, because push authentication is not configured (docs/security.md); other machines get answers from /health and /ready only',
    );
    return warnings;
  }
  const pulls = messageSources.sqs !== undefined || messageSources.kafka !== undefined;
  if (realtime && !allowUnauthenticatedPush && !pulls && !acceptsPushes(messageSources))
    warnings.push(
      "POST / accepts no messages, because API_TOKEN is set: configure push authentication (docs/security.md), or set ALLOW_UNAUTHENTICATED_PUSH=true if the endpoint isn't publicly reachable",
    );
  if (bulk && !hasTokens) warnings.push('API_TOKEN is not set: /sync accepts localhost only');
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

/** Warnings about the cart events; none while they are off. */
export function cartWarnings(
  { carts }: Pick<RuleSettings, 'carts'>,
  { CART_LINK_SECRET: secrets, APP_TYPE: appType }: Pick<Environment, 'CART_LINK_SECRET' | 'APP_TYPE'>,
): string[] {
  if (!carts.enabled) return [];
  const { url, watch } = carts;
  const hasToken = url.includes('{{token}}');
  const warnings: string[] = [];
  if (url === '')
    warnings.push(
      'carts.url is empty: the events of carts have no CheckoutURL, so that e-mails have no link to the cart',
    );
  else if (hasToken && secrets.length === 0)
    warnings.push(
      'carts.url holds {{token}}, and CART_LINK_SECRET is not set: the events of carts have no CheckoutURL',
    );
  else if (!hasToken)
    warnings.push('carts.url holds no {{token}}: the shop front cannot tell whether a link was made by this service');
  if (watch === 'poll' && appType === 'EVENT')
    warnings.push(
      'APP_TYPE=EVENT reads no carts: a process that serves /sync reads them, or set carts.watch to "subscription"',
    );
  if (watch === 'subscription' && appType === 'BULK_IMPORT')
    warnings.push('APP_TYPE=BULK_IMPORT gets no messages of carts (carts.watch: subscription): another process has to');
  return warnings;
}

export function environmentWarnings({ PRODUCT_URL_TEMPLATE: template }: Environment): string[] {
  if (template === '' || template.includes('{{productSlug}}')) return [];
  return ['PRODUCT_URL_TEMPLATE holds no {{productSlug}}: every product gets the same URL'];
}
