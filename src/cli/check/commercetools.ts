/** commercetools: the client, its scopes (least privilege), what it can be told of the project's region. */
import { CommercetoolsError } from '../../commercetools/errors.ts';
import { grantedScopes } from '../../commercetools/granted-scopes.ts';
import type { Config } from '../../config/config.ts';
import { type CheckParts, type Finding, ok, problem, warning } from './finding.ts';

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

const newClient = 'make a client with it in the Merchant Center (Settings > Developer settings)';

/** @returns the findings; `usable`: whether anything else can be asked with this client */
export async function checkCommercetools(parts: CheckParts): Promise<{ findings: Finding[]; usable: boolean }> {
  const { config, commercetools } = parts;
  const first = await tried(() => commercetools.get('categories', { limit: 1, withTotal: false }));
  const useless = first && whyUseless(first, config);
  if (useless) return { findings: [useless], usable: false };
  const asked = await Promise.all(
    scopes.map(async (one) => ({ ...one, failure: await tried(() => commercetools.get(one.path, { limit: 1 })) })),
  );
  const { projectKey } = config.commercetools;
  // A client of another project is told the same as one without scopes.
  if (asked.every(({ failure }) => failure?.type === 'forbidden')) {
    const detail = `the client may read nothing of ${projectKey}`;
    const wayOut = 'check CT_PROJECT_ID, CT_SCOPES and the scopes of the client';
    return { findings: [problem('commercetools project', detail, wayOut)], usable: false };
  }
  const findings = [ok('commercetools client', `project ${projectKey}`)];
  for (const { scope, purpose, optional, failure } of asked) {
    const what = `commercetools scope ${scope}:${projectKey}`;
    const missing = optional ? warning : problem;
    if (!failure) findings.push(ok(what));
    else if (failure.type === 'forbidden') findings.push(missing(what, `needed for ${purpose}`, newClient));
    else findings.push(missing(what, failure.message));
  }
  return { findings: [...findings, ...(await tooMany(config))], usable: true };
}

/** Whoever steals the client should find little. */
async function tooMany(config: Config): Promise<Finding[]> {
  const granted = await grantedScopes(config.commercetools);
  if (!granted) return [];
  const needed = new Set(scopes.map(({ scope }) => scope));
  // Products of one store or channel only are less than view_products, not more.
  const more = granted.filter((scope) => scope !== '' && !needed.has(scope) && !scope.startsWith('view_published_'));
  const what = 'commercetools scopes, too many';
  if (more.length === 0) return [ok(what, 'none')];
  const wayOut = `make a client with no more than ${[...needed].join(', ')}`;
  return [warning(what, more.join(', '), wayOut)];
}

/** Where nothing can be asked at all: the variable that is wrong. */
function whyUseless({ type: kind, code, message }: CommercetoolsError, { commercetools }: Config): Finding | undefined {
  const { projectKey, apiUrl, authUrl } = commercetools;
  if (code === 'invalid_scope')
    return problem('commercetools client', `${authUrl} does not grant it the scopes of CT_SCOPES`, 'check them');
  switch (kind) {
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

async function tried(ask: () => Promise<unknown>): Promise<CommercetoolsError | undefined> {
  try {
    await ask();
    return undefined;
  } catch (thrown) {
    if (thrown instanceof CommercetoolsError) return thrown;
    throw thrown;
  }
}
