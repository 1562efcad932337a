/** Checks the commercetools client, its scopes (least privilege) and the project's region. */
import { CommercetoolsError } from '../../commercetools/errors.ts';
import { grantedScopes } from '../../commercetools/granted-scopes.ts';
import type { Config } from '../../config/config.ts';
import { redactUrls } from '../../lib/redact-url.ts';
import { sendsDetails } from '../../rules/orders/order-details.ts';
import { type CheckDeps, type Finding, ok, problem, warning } from './finding.ts';

/** Scopes with their purpose. Without an optional scope the rest of the service works. */
const scopeOf = (optional: boolean) => (scope: string, path: string, purpose: string) => ({
  scope,
  path,
  purpose,
  optional,
});
const neededScope = scopeOf(false);
const optionalScope = scopeOf(true);
const scopes = [
  neededScope(
    'view_customers',
    'customers',
    "profiles; without it orders go to their own e-mail, not to the customer's profile",
  ),
  neededScope('view_orders', 'orders', 'order events'),
  neededScope('view_payments', 'payments', 'refunds'),
  neededScope('view_products', 'products', 'items, stock, and categories of orders'),
  neededScope('view_categories', 'categories', 'categories'),
  optionalScope('view_standalone_prices', 'standalone-prices', 'standalone prices; embedded ones only without it'),
  optionalScope('view_discount_codes', 'discount-codes', 'DiscountCode of orders; none without it'),
  optionalScope(
    'view_types',
    'types',
    'labels of enums in custom fields, and fields of a type that a customer lost; keys, and no removal, without it',
  ),
  optionalScope(
    'manage_key_value_documents',
    'custom-objects/ctk-runs',
    'runs that outlive a process, and dead letters; without it rejected messages are never acknowledged',
  ),
  optionalScope('manage_subscriptions', 'subscriptions', '`ctk subscriptions`; realtime needs none itself'),
];

/** Scopes that only settings ask for. */
const storesScope = optionalScope(
  'view_stores',
  'stores',
  'names of stores, and their links to orders; keys without it',
);
const statesScope = neededScope('view_states', 'states', 'events of order.workflow; none without it');
const businessUnitsScope = optionalScope(
  'view_business_units',
  'business-units',
  'names of business units on profiles; none without it',
);
const settingScopes = new Set([storesScope.scope, statesScope.scope, businessUnitsScope.scope]);

function scopesFor({ rules }: Config) {
  const namesStores = rules.customer.fields.stores !== null || sendsDetails(rules);
  const namesStates = Object.keys(rules.order.workflow).length > 0;
  const namesBusinessUnits = rules.customer.fields.businessUnits !== null;
  return [
    ...scopes,
    ...(namesStores ? [storesScope] : []),
    ...(namesStates ? [statesScope] : []),
    ...(namesBusinessUnits ? [businessUnitsScope] : []),
  ];
}

const newClient = 'create an API client that has it in the Merchant Center (Settings > Developer settings)';

/** @returns the findings; `usable`: whether further checks can use this client */
export async function checkCommercetools(deps: CheckDeps): Promise<{ findings: Finding[]; usable: boolean }> {
  const { config, commercetools } = deps;
  const first = await errorOf(() => commercetools.get('categories', { limit: 1, withTotal: false }));
  const fatal = first && fatalFinding(first, config);
  if (fatal) return { findings: [fatal], usable: false };
  const results = await Promise.all(
    scopesFor(config).map(async (scope) => ({
      ...scope,
      failure: await errorOf(() => commercetools.get(scope.path, { limit: 1 })),
    })),
  );
  const { projectKey } = config.commercetools;
  // The API responds alike to a client of another project and to one without scopes.
  if (results.every(({ failure }) => failure?.type === 'forbidden')) {
    const detail = `the client may read nothing of ${projectKey}`;
    const fix = 'check CT_PROJECT_ID, CT_SCOPES and the scopes of the client';
    return { findings: [problem('commercetools project', detail, fix)], usable: false };
  }
  const findings = [ok('commercetools client', `project ${projectKey}`)];
  for (const { scope, purpose, optional, failure } of results) {
    const what = `commercetools scope ${scope}:${projectKey}`;
    const missing = optional ? warning : problem;
    if (!failure) findings.push(ok(what));
    else if (failure.type === 'forbidden') findings.push(missing(what, `needed for ${purpose}`, newClient));
    else findings.push(missing(what, failure.message));
  }
  return { findings: [...findings, ...(await unneededScopes(config))], usable: true };
}

async function unneededScopes(config: Config): Promise<Finding[]> {
  const granted = await grantedScopes(config.commercetools);
  if (!granted) return [];
  const needed = new Set(scopesFor(config).map(({ scope }) => scope));
  // view_published_* grants less than view_products.
  const unneeded = granted.filter(
    (scope) => scope !== '' && !settingScopes.has(scope) && !needed.has(scope) && !scope.startsWith('view_published_'),
  );
  const what = 'commercetools scopes, too many';
  if (unneeded.length === 0) return [ok(what, 'none')];
  const fix = `create one limited to ${[...needed].join(', ')}`;
  return [warning(what, unneeded.join(', '), fix)];
}

function fatalFinding({ type, code, message }: CommercetoolsError, { commercetools }: Config): Finding | undefined {
  const { projectKey } = commercetools;
  const [apiUrl, authUrl] = [redactUrls(commercetools.apiUrl), redactUrls(commercetools.authUrl)];
  if (code === 'invalid_scope')
    return problem('commercetools client', `${authUrl} does not grant it the scopes of CT_SCOPES`, 'check them');
  switch (type) {
    case 'unauthorized':
      return code === 'invalid_token'
        ? problem(
            'commercetools region',
            `${apiUrl} refuses the token of ${authUrl}`,
            "CT_API_URL and CT_AUTH_URL must both be of the project's region",
          )
        : problem(
            'commercetools client',
            `refused by ${authUrl}`,
            "check CT_API_CLIENT, and that CT_AUTH_URL is the auth host of the project's region",
          );
    case 'not-found':
      return problem(
        'commercetools project',
        `${apiUrl} knows no project ${projectKey}`,
        "check CT_PROJECT_ID, and that CT_API_URL is the project's region",
      );
    case 'unavailable':
      return problem('commercetools', message, 'check CT_API_URL and CT_AUTH_URL');
    default:
      return undefined;
  }
}

async function errorOf(request: () => Promise<unknown>): Promise<CommercetoolsError | undefined> {
  try {
    await request();
    return undefined;
  } catch (thrown) {
    if (thrown instanceof CommercetoolsError) return thrown;
    throw thrown;
  }
}
