/** Checks whether both APIs answer with the configured credentials; results are cached for a few seconds. */
import type { CommercetoolsClient } from '../commercetools/client.ts';
import { CommercetoolsError } from '../commercetools/errors.ts';
import { listSubscriptions } from '../commercetools/subscriptions/subscriptions.ts';
import type { KlaviyoClient } from '../klaviyo/api/client.ts';
import { messageOf } from '../lib/errors.ts';
import { withTimeout } from '../lib/timeout.ts';
import { createTtlCache } from '../lib/ttl-cache.ts';
import type { Source } from '../sources/source.ts';

export interface Ready {
  ready: boolean;
  /** `ok`, or the problem. */
  commercetools: string;
  klaviyo: string;
  /** By source: `ok`, or its last error. */
  sources: Record<string, string>;
  /** The status of each managed subscription, if the API client may read it. Does not affect `ready`. */
  subscriptions: Record<string, string>;
}

export interface ReadinessDeps {
  commercetools: CommercetoolsClient;
  klaviyo: KlaviyoClient;
  sources: readonly Pick<Source, 'name' | 'lastError'>[];
  /** The keys of the subscriptions that this service manages. */
  managedKeys: ReadonlySet<string>;
}

const ttlMs = 5_000;
/** People look at the status of subscriptions; it changes within minutes. */
const subscriptionsTtlMs = 60_000;
const timeoutMs = 5_000;

export function createReadiness(deps: ReadinessDeps): () => Promise<Ready> {
  const readHealth = () => readSubscriptionHealth(deps);
  const subscriptions = createTtlCache(subscriptionsTtlMs, () => withTimeout(readHealth, timeoutMs, {}));
  return createTtlCache(ttlMs, () => check(deps, subscriptions()));
}

async function check(deps: ReadinessDeps, health: Promise<Record<string, string>>): Promise<Ready> {
  const [commercetools, klaviyo, subscriptions] = await Promise.all([
    withTimeout(() => checkCommercetools(deps.commercetools), timeoutMs, 'commercetools does not answer'),
    checkKlaviyo(deps.klaviyo),
    health,
  ]);
  const sources = Object.fromEntries(deps.sources.map((source) => [source.name, source.lastError() ?? 'ok']));
  const ready = [commercetools, klaviyo, ...Object.values(sources)].every((state) => state === 'ok');
  return { ready, commercetools, klaviyo, sources, subscriptions };
}

async function readSubscriptionHealth({ commercetools, managedKeys }: ReadinessDeps): Promise<Record<string, string>> {
  // Without the scope there is no status; `ctk check` names the missing scope.
  const subscriptions = await listSubscriptions(commercetools).catch(() => []);
  return Object.fromEntries(
    subscriptions.flatMap(({ key, status = 'Healthy' }) =>
      key !== undefined && managedKeys.has(key) ? [[key, status]] : [],
    ),
  );
}

async function checkCommercetools(client: CommercetoolsClient): Promise<string> {
  try {
    await client.get('categories', { limit: 1, withTotal: false });
    return 'ok';
  } catch (thrown) {
    // A client without this one scope still serves what it has scopes for; `ctk check` names the missing one.
    return thrown instanceof CommercetoolsError && thrown.type === 'forbidden' ? 'ok' : messageOf(thrown);
  }
}

async function checkKlaviyo(client: KlaviyoClient): Promise<string> {
  const query = { 'page[size]': '1', 'fields[profile]': 'external_id' };
  const signal = AbortSignal.timeout(timeoutMs);
  const result = await client.call({ endpoint: 'listProfiles', query, lane: 'bulk', signal });
  if (result.ok) return 'ok';
  const { failure } = result;
  if (failure.type === 'rejected') return `Klaviyo answered ${failure.status}`;
  return failure.type === 'forbidden' ? 'ok' : failure.reason;
}
