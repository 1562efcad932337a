/** Whether both APIs answer with these credentials; asked at most every few seconds. */
import type { CommercetoolsClient } from '../commercetools/client.ts';
import { CommercetoolsError } from '../commercetools/errors.ts';
import { listSubscriptions } from '../commercetools/subscriptions/subscriptions.ts';
import type { KlaviyoClient } from '../klaviyo/api/client.ts';
import type { Source } from '../sources/source.ts';

export interface Ready {
  ready: boolean;
  /** ok, or what is wrong. */
  commercetools: string;
  klaviyo: string;
  /** Ways in which messages arrive, each ok or what is wrong. */
  sources: Record<string, string>;
  /** Our subscriptions and their status, where the client may read them. A sick one makes nobody less ready. */
  subscriptions: Record<string, string>;
}

export interface ReadinessDeps {
  commercetools: CommercetoolsClient;
  klaviyo: KlaviyoClient;
  /** Those that take messages in this process. */
  sources: readonly Pick<Source, 'name' | 'lastError'>[];
  /** The keys that are ours. */
  managedKeys: ReadonlySet<string>;
}

const lifeMs = 5_000;
const subscriptionsLifeMs = 60_000;
const timeoutMs = 5_000;

export function createReadiness(parts: ReadinessDeps): () => Promise<Ready> {
  let known: { at: number; answer: Promise<Ready> } | undefined;
  const subscriptions = createSubscriptionHealth(parts);
  return () => {
    if (known && performance.now() - known.at < lifeMs) return known.answer;
    known = { at: performance.now(), answer: ask(parts, subscriptions()) };
    return known.answer;
  };
}

async function ask(parts: ReadinessDeps, health: Promise<Record<string, string>>): Promise<Ready> {
  const [commercetools, klaviyo, subscriptions] = await Promise.all([
    askCommercetools(parts.commercetools),
    askKlaviyo(parts.klaviyo),
    health,
  ]);
  const sources = Object.fromEntries(parts.sources.map((source) => [source.name, source.lastError() ?? 'ok']));
  const ready = [commercetools, klaviyo, ...Object.values(sources)].every((state) => state === 'ok');
  return { ready, commercetools, klaviyo, sources, subscriptions };
}

/** Asked rarely: it is for people, who see it minutes later at the earliest. */
function createSubscriptionHealth({
  commercetools,
  managedKeys,
}: ReadinessDeps): () => Promise<Record<string, string>> {
  let known: { at: number; answer: Promise<Record<string, string>> } | undefined;
  const fresh = async () => {
    // Without the scope there is nothing to say; that it is missing `ctk check` says.
    const all = await listSubscriptions(commercetools).catch(() => []);
    const own = all.flatMap(({ key, status = 'Healthy' }) =>
      key !== undefined && managedKeys.has(key) ? [[key, status] as const] : [],
    );
    return Object.fromEntries(own);
  };
  return () => {
    if (known && performance.now() - known.at < subscriptionsLifeMs) return known.answer;
    known = { at: performance.now(), answer: Promise.race([fresh(), late({})]) };
    return known.answer;
  };
}

function late<T>(answer: T): Promise<T> {
  return new Promise((resolve) => {
    AbortSignal.timeout(timeoutMs).addEventListener('abort', () => resolve(answer));
  });
}

async function askCommercetools(client: CommercetoolsClient): Promise<string> {
  const asked = client.get('categories', { limit: 1, withTotal: false }).then(
    () => 'ok',
    // A client without this one scope can still do what it has scopes for: `ctk check` names it.
    (thrown: unknown) =>
      thrown instanceof CommercetoolsError && thrown.type === 'forbidden'
        ? 'ok'
        : String(thrown instanceof Error ? thrown.message : thrown),
  );
  return Promise.race([asked, late('commercetools does not answer')]);
}

async function askKlaviyo(client: KlaviyoClient): Promise<string> {
  const query = { 'page[size]': '1', 'fields[profile]': 'external_id' };
  const answer = await client.call({
    endpoint: 'listProfiles',
    query,
    lane: 'bulk',
    signal: AbortSignal.timeout(timeoutMs),
  });
  if (answer.ok) return 'ok';
  if (answer.failure.type === 'rejected') return `Klaviyo answered ${answer.failure.status}`;
  const scopeOnly = answer.failure.type === 'forbidden';
  return scopeOnly ? 'ok' : answer.failure.reason;
}
