/** `ctk check`: tries the key and the client against both APIs and names what is missing. Changes nothing. */

import type { CommercetoolsClient } from '../commercetools/client.ts';
import { ReadFailure } from '../commercetools/errors.ts';
import { listSubscriptions, type Subscription } from '../commercetools/subscriptions.ts';
import type { Config } from '../config/config.ts';
import { ownKeys, wantedSubscriptions } from '../engine/wanted-subscriptions.ts';
import type { Call, KlaviyoClient } from '../klaviyo/client.ts';
import { compoundId } from '../klaviyo/held.ts';
import type { Terminal } from './terminal.ts';

export interface CheckParts {
  config: Config;
  commercetools: CommercetoolsClient;
  klaviyo: KlaviyoClient;
  terminal: Terminal;
}

interface Finding {
  what: string;
  state: 'ok' | 'missing' | 'advice';
  detail: string;
}

/** What each scope is for; without an optional one the rest works. */
const scopes: { scope: string; path: string; purpose: string; optional?: true }[] = [
  { scope: 'view_customers', path: 'customers', purpose: 'profiles' },
  { scope: 'view_orders', path: 'orders', purpose: 'order events' },
  { scope: 'view_payments', path: 'payments', purpose: 'refunds' },
  { scope: 'view_products', path: 'products', purpose: 'items, and categories of orders' },
  { scope: 'view_categories', path: 'categories', purpose: 'categories' },
  { scope: 'view_products', path: 'inventory', purpose: 'stock' },
  {
    scope: 'view_standalone_prices',
    path: 'standalone-prices',
    purpose: 'standalone prices; embedded ones only without it',
    optional: true,
  },
  {
    scope: 'view_discount_codes',
    path: 'discount-codes',
    purpose: 'DiscountCode of orders; none without it',
    optional: true,
  },
  {
    scope: 'manage_key_value_documents',
    path: 'custom-objects/ctk-runs',
    purpose: 'runs that outlive a process, and dead letters; without it what Klaviyo refuses is never acknowledged',
    optional: true,
  },
  {
    scope: 'manage_subscriptions',
    path: 'subscriptions',
    purpose: '`ctk subscriptions`; realtime needs none itself',
    optional: true,
  },
];

/** An id that nobody has: a write to it is refused as "not there", and only then was the scope enough. */
const nobody = 'ctk-check-no-such-record';

const klaviyoScopes: { scope: string; purpose: string; call: Omit<Call, 'lane' | 'signal'> }[] = [
  {
    scope: 'profiles:read',
    purpose: 'identity conflicts',
    call: { endpoint: 'listProfiles', query: { 'page[size]': '1' } },
  },
  {
    scope: 'profiles:write',
    purpose: 'profiles',
    call: { endpoint: 'updateProfile', id: nobody, body: { data: { type: 'profile', id: nobody, attributes: {} } } },
  },
  {
    scope: 'events:write',
    purpose: 'order events',
    // Without an identifier no event is recorded.
    call: {
      endpoint: 'createEvent',
      body: {
        data: {
          type: 'event',
          attributes: {
            metric: { data: { type: 'metric', attributes: { name: 'Placed Order' } } },
            profile: { data: { type: 'profile', attributes: {} } },
            properties: {},
          },
        },
      },
    },
  },
  {
    scope: 'catalogs:read',
    purpose: 'items and variants',
    call: { endpoint: 'listCategories', query: { 'page[size]': '1' } },
  },
  { scope: 'catalogs:write', purpose: 'the catalogue', call: { endpoint: 'deleteCategory', id: compoundId(nobody) } },
];

const patienceMs = 15_000;

/** @returns whether everything that is needed is there */
export async function check(parts: CheckParts): Promise<boolean> {
  const findings = [...ownMapping(parts.config), ...(await checkCommercetools(parts)), ...(await checkKlaviyo(parts))];
  const { colors } = parts.terminal;
  const mark = { ok: colors.green('ok     '), missing: colors.red('missing'), advice: colors.yellow('advice ') };
  for (const { what, state, detail } of findings)
    parts.terminal.line(`${mark[state]} ${what}${detail && `: ${detail}`}`);
  return findings.every(({ state }) => state !== 'missing');
}

/** The merchant's own file: that it loads is known by now. */
function ownMapping({ extension }: Config): Finding[] {
  if (!extension) return [];
  const { file, hooks, rules } = extension;
  return [
    { what: file, state: 'ok', detail: `hooks ${hooks.join(', ') || 'none'}; rules ${rules.join(', ') || 'none'}` },
  ];
}

async function checkCommercetools({ config, commercetools }: CheckParts): Promise<Finding[]> {
  const first = await tried(() => commercetools.get('categories', { limit: 1, withTotal: false }));
  const useless = first && whyUseless(first, config);
  if (useless) return [useless];
  const asked = await Promise.all(
    scopes.map(async (one) => ({ ...one, failure: await tried(() => commercetools.get(one.path, { limit: 1 })) })),
  );
  const { projectKey } = config.commercetools;
  // A client of another project is told the same as one without scopes.
  if (asked.every(({ failure }) => failure?.kind === 'missing-scope')) {
    const detail = `the client may read nothing of ${projectKey}: check CT_PROJECT_ID, CT_SCOPES and the scopes of the client`;
    return [{ what: 'commercetools project', state: 'missing', detail }];
  }
  const findings: Finding[] = [{ what: 'commercetools client', state: 'ok', detail: `project ${projectKey}` }];
  for (const { scope, purpose, optional, failure } of asked) {
    const what = `commercetools scope ${scope}:${projectKey}`;
    if (!failure) findings.push({ what, state: 'ok', detail: '' });
    else
      findings.push({
        what,
        state: optional ? 'advice' : 'missing',
        detail: failure.kind === 'missing-scope' ? `needed for ${purpose}` : failure.message,
      });
  }
  return [...findings, ...(await checkSubscriptions(config, commercetools))];
}

/** Where nothing can be asked at all: the variable that is wrong. */
function whyUseless({ kind, code, message }: ReadFailure, { commercetools }: Config): Finding | undefined {
  const { projectKey, apiUrl, authUrl } = commercetools;
  const missing = (what: string, detail: string): Finding => ({ what, state: 'missing', detail });
  if (code === 'invalid_scope')
    return missing('commercetools client', `${authUrl} does not grant it the scopes of CT_SCOPES: check them`);
  switch (kind) {
    case 'key-refused':
      return code === 'invalid_token'
        ? missing(
            'commercetools region',
            `${apiUrl} refuses the token of ${authUrl}: CT_API_URL and CT_AUTH_URL must both be of the project's region`,
          )
        : missing(
            'commercetools client',
            `refused by ${authUrl}: check CT_API_CLIENT, and that CT_AUTH_URL is the auth host of the project's region`,
          );
    case 'not-found':
      return missing(
        'commercetools project',
        `${apiUrl} knows no project ${projectKey}: check CT_PROJECT_ID, and that CT_API_URL is the project's region`,
      );
    case 'unavailable':
      return missing('commercetools', `${message}: check CT_API_URL and CT_AUTH_URL`);
    default:
      return undefined;
  }
}

async function tried(ask: () => Promise<unknown>): Promise<ReadFailure | undefined> {
  try {
    await ask();
    return undefined;
  } catch (thrown) {
    if (thrown instanceof ReadFailure) return thrown;
    throw thrown;
  }
}

/** What the subscriptions lack, our own and the incumbent's; nothing is changed. */
async function checkSubscriptions(config: Config, commercetools: CommercetoolsClient): Promise<Finding[]> {
  let existing: Subscription[];
  try {
    existing = await listSubscriptions(commercetools);
  } catch {
    return [];
  }
  const ruled = { families: config.families, settings: config.rules, environment: config.environment };
  const keys = ownKeys(ruled);
  const others = existing.filter(({ key }) => key?.startsWith('connect-'));
  const found = existing.filter(({ key }) => key !== undefined && keys.has(key));
  const destination = { type: 'GoogleCloudPubSub' as const, projectId: '', topic: '' };
  const wanted = wantedSubscriptions({ ...ruled, destination });
  const delivered = (typeId: string) =>
    [...found, ...others].flatMap(({ messages, changes }) => [
      ...messages
        .filter(({ resourceTypeId }) => resourceTypeId === typeId)
        .flatMap(({ types }) => (types.length === 0 ? ['*'] : types)),
      ...changes.filter(({ resourceTypeId }) => resourceTypeId === typeId).map(() => 'changes'),
    ]);
  const lacks = wanted.flatMap((draft): Finding[] => {
    const typeId = draft.messages[0]?.resourceTypeId ?? draft.changes[0]?.resourceTypeId ?? '';
    const has = new Set(delivered(typeId));
    const needs = [
      ...draft.messages.flatMap(({ types }) => (has.has('*') ? [] : types)),
      ...draft.changes.map(() => 'changes'),
    ];
    const missing = needs.filter((one) => !has.has(one));
    return missing.length === 0
      ? []
      : [
          {
            what: `subscription for ${typeId}`,
            state: 'advice',
            detail: `nothing delivers ${missing.join(', ')}: see ctk subscriptions plan`,
          },
        ];
  });
  const states = found.map(
    ({ key, status = 'Healthy' }): Finding => ({
      what: `subscription ${key}`,
      state: status === 'Healthy' ? 'ok' : 'missing',
      detail: status === 'Healthy' ? status : `its status is ${status}: see ctk subscriptions plan`,
    }),
  );
  return [...lacks, ...states];
}

async function checkKlaviyo({ config, klaviyo }: CheckParts): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const { scope, purpose, call } of klaviyoScopes) {
    const answer = await klaviyo.call({ ...call, lane: 'bulk', signal: AbortSignal.timeout(patienceMs) });
    const what = `Klaviyo scope ${scope}`;
    if (answer.ok || answer.failure.kind === 'refused') findings.push({ what, state: 'ok', detail: '' });
    else if (answer.failure.kind === 'key-refused' && answer.failure.status === 401) {
      return [
        { what: 'Klaviyo key', state: 'missing', detail: `${config.klaviyo.url} refuses it: check KLAVIYO_AUTH_KEY` },
      ];
    } else if (answer.failure.kind === 'key-refused')
      findings.push({ what, state: 'missing', detail: `needed for ${purpose}` });
    else
      return [
        ...findings,
        { what: 'Klaviyo', state: 'missing', detail: `${answer.failure.reason}: check KLAVIYO_API_URL` },
      ];
  }
  return findings;
}
