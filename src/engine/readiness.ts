/** Whether both APIs answer with these credentials; asked at most every few seconds. */
import type { CommercetoolsClient } from '../commercetools/client.ts';
import { ReadFailure } from '../commercetools/errors.ts';
import type { KlaviyoClient } from '../klaviyo/client.ts';

export interface Ready {
  ready: boolean;
  /** ok, or what is wrong. */
  commercetools: string;
  klaviyo: string;
}

const lifeMs = 5_000;
const patienceMs = 5_000;

export function createReadiness(apis: {
  commercetools: CommercetoolsClient;
  klaviyo: KlaviyoClient;
}): () => Promise<Ready> {
  let known: { at: number; answer: Promise<Ready> } | undefined;
  return () => {
    if (known && performance.now() - known.at < lifeMs) return known.answer;
    known = { at: performance.now(), answer: ask(apis) };
    return known.answer;
  };
}

async function ask({
  commercetools,
  klaviyo,
}: {
  commercetools: CommercetoolsClient;
  klaviyo: KlaviyoClient;
}): Promise<Ready> {
  const [left, right] = await Promise.all([askCommercetools(commercetools), askKlaviyo(klaviyo)]);
  return { ready: left === 'ok' && right === 'ok', commercetools: left, klaviyo: right };
}

async function askCommercetools(client: CommercetoolsClient): Promise<string> {
  const late = new Promise<string>((resolve) => {
    AbortSignal.timeout(patienceMs).addEventListener('abort', () => resolve('commercetools does not answer'));
  });
  const asked = client.get('categories', { limit: 1, withTotal: false }).then(
    () => 'ok',
    // A client without this one scope can still do what it has scopes for: `ctk check` names it.
    (thrown: unknown) =>
      thrown instanceof ReadFailure && thrown.kind === 'missing-scope'
        ? 'ok'
        : String(thrown instanceof Error ? thrown.message : thrown),
  );
  return Promise.race([asked, late]);
}

async function askKlaviyo(client: KlaviyoClient): Promise<string> {
  const query = { 'page[size]': '1', 'fields[profile]': 'external_id' };
  const answer = await client.call({
    endpoint: 'listProfiles',
    query,
    lane: 'bulk',
    signal: AbortSignal.timeout(patienceMs),
  });
  if (answer.ok) return 'ok';
  if (answer.failure.kind === 'refused') return `Klaviyo answered ${answer.failure.status}`;
  const scopeOnly = answer.failure.kind === 'key-refused' && answer.failure.status === 403;
  return scopeOnly ? 'ok' : answer.failure.reason;
}
