/** The open-source plugin's variables: what becomes of each here. For `ctk migrate-check`; docs/switching.md says the rest. */
import type { Config } from './config.ts';
import { connectNames, variables } from './env/environment.ts';

export interface Fate {
  name: string;
  becomes: 'the same' | 'changed' | 'without effect' | 'not read';
  detail: string;
}

/** Where the value means the same and yet something is different. */
const changed: Record<string, string> = {
  CT_SCOPES: 'ask for manage_key_value_documents too: runs and dead letters are kept there',
  APP_TYPE: 'EVENT and BULK_IMPORT as before; without it one process does both',
  PUB_SUB_PORT: 'still listened on; PORT (8080) serves everything',
  BULK_IMPORT_PORT: 'still listened on; PORT (8080) serves everything, and /sync needs API_TOKEN from another machine',
  CONNECT_ENV: 'realtime only, as before; the job application syncs. Subscriptions get keys of our own',
  NODE_CONFIG: 'the same settings; what nobody knows is a warning',
  NODE_CONFIG_DIR: 'the same files; what nobody knows is a warning',
};

const withoutEffect: Record<string, string> = {
  SKIP_BASE64_DECODE: 'wrapped or plain is recognised',
};

/** @returns what becomes of a variable that somebody has set */
export function fateOf(name: string): Fate {
  const said = withoutEffect[name];
  if (said !== undefined) return { name, becomes: 'without effect', detail: said };
  const difference = changed[name];
  if (difference !== undefined) return { name, becomes: 'changed', detail: difference };
  const known = variables.find((variable) => variable.name === name);
  if (known) return { name, becomes: 'the same', detail: known.description };
  const other = connectNames[name];
  if (other !== undefined) return { name, becomes: 'the same', detail: `Connect's name for ${other}` };
  return { name, becomes: 'not read', detail: 'nothing here looks at it' };
}

/** What has to be done or expected although nothing is wrong. @param config as this service reads the old environment */
export function adviceOf({ bulk, realtime, apiTokens, allowUnauthenticatedPush, arrivals, rules }: Config): string[] {
  const told: string[] = [];
  if (bulk && apiTokens.full.length === 0)
    told.push('set API_TOKEN where /sync is called from another machine: without one only this machine is served');
  const { push, sqs, kafka } = arrivals;
  const proven = push.pubSub || push.sns || push.eventGrid || push.eventBridge.length > 0 || push.secrets.length > 0;
  if (realtime && !allowUnauthenticatedPush && !proven && !sqs && !kafka)
    told.push(
      'set what proves the sender of pushes, such as PUSH_PUBSUB_AUDIENCE (docs/security.md): others are answered 401',
    );
  const pending = rules.payment.states.validTransactionStates.filter((state) => state !== 'Success');
  if (pending.length > 0)
    told.push(`payment.states.validTransactionStates has ${pending.join(', ')}: such a refund may still fail`);
  else told.push('refunds count when they are Success; the plugin also recorded Initial and Pending ones, at 0');
  told.push(
    'a sync that runs already is answered 409 (it was 423), and what Klaviyo can not take now 503 (it was 202, and lost)',
    'events of a sync wake no flows; {"backfill": false} lets them',
    "run `ctk subscriptions apply`, see messages arrive, then remove the plugin: both at once do no harm, and ours have other keys than the plugin's",
  );
  return told;
}
