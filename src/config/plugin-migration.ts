/** Maps the open-source plugin's variables to this service, for `ctk migrate-check`. See docs/switching.md. */
import type { Config } from './config.ts';
import { connectNames, variables } from './env/environment.ts';
import { unsettledRefundStates } from './warnings.ts';

export interface VariableMigration {
  name: string;
  effect: 'the same' | 'changed' | 'without effect' | 'not read';
  detail: string;
}

const changed: Record<string, string> = {
  CT_SCOPES: 'ask for manage_key_value_documents too: runs and dead letters are kept there',
  APP_TYPE: 'EVENT and BULK_IMPORT as before; without it one process does both',
  PUB_SUB_PORT: 'still listened on; PORT (8080) serves everything',
  BULK_IMPORT_PORT: 'still listened on; PORT (8080) serves everything, and /sync needs API_TOKEN from another machine',
  CONNECT_ENV: 'a part of the subscriptions’ keys; APP_TYPE alone says what a process does',
  NODE_CONFIG: 'the same settings; unknown names are warnings',
  NODE_CONFIG_DIR: 'the same files; unknown names are warnings',
};

const ignored: Record<string, string> = {
  SKIP_BASE64_DECODE: 'wrapped or plain is recognised',
};

export function migrationOf(name: string): VariableMigration {
  const reason = ignored[name];
  if (reason !== undefined) return { name, effect: 'without effect', detail: reason };
  const change = changed[name];
  if (change !== undefined) return { name, effect: 'changed', detail: change };
  const known = variables.find((variable) => variable.name === name);
  if (known) return { name, effect: 'the same', detail: known.description };
  const canonicalName = connectNames[name];
  if (canonicalName !== undefined) return { name, effect: 'the same', detail: `Connect's name for ${canonicalName}` };
  return { name, effect: 'not read', detail: 'nothing here looks at it' };
}

/** @param config the plugin's environment as this service reads it. @returns steps and differences of the migration */
export function migrationAdvice(config: Config): string[] {
  const { bulk, realtime, apiTokens, allowUnauthenticatedPush, messageSources, rules } = config;
  const advice: string[] = [];
  if (bulk && apiTokens.full.length === 0)
    advice.push('set API_TOKEN if /sync is called from another machine: if unset, only localhost is accepted');
  const { push, sqs, kafka } = messageSources;
  const hasAuthenticator =
    push.pubSub || push.sns || push.eventGrid || push.eventBridge.length > 0 || push.secrets.length > 0;
  if (realtime && !allowUnauthenticatedPush && !hasAuthenticator && !sqs && !kafka)
    advice.push(
      'configure push authentication, such as PUSH_PUBSUB_AUDIENCE (docs/security.md): others are answered 401',
    );
  const unsettled = unsettledRefundStates(rules);
  if (unsettled.length > 0)
    advice.push(
      `payment.states.validTransactionStates has ${unsettled.join(', ')}: the plugin recorded such a refund at 0; here it counts at once and stays if it fails: take them out`,
    );
  else advice.push('refunds count when they are Success; the plugin also recorded Initial and Pending ones, at 0');
  if (Object.values(rules.customer.fields).every((name) => name === null))
    advice.push(
      'customer.fields and order.properties.details are off, as the plugin sends neither: set them for names of customer groups and stores on profiles, and for shipping, tax and links on events',
    );
  advice.push(
    'a sku that has stock in supply channels only gets their sum (it was 0): ctk migrate-check --records counts them, and product.inventory.withoutChannel: none keeps them at 0',
    'a sync that runs already is answered 409 (it was 423), and what Klaviyo cannot take now 503 (it was 202, and lost)',
    'events of a sync trigger no flows; {"backfill": false} lets them',
    "run `ctk subscriptions apply`, see messages arrive, then remove the plugin: both at once do no harm, and ours have other keys than the plugin's",
  );
  return advice;
}
