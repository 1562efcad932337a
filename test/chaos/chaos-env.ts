/** Where a seed happens: both sandboxes with a small shop in them, and the environment of the service's processes. */

import { isObject } from '../../sandbox/commercetools/json.ts';
import { startCommercetoolsSandbox } from '../../sandbox/commercetools/sandbox.ts';
import type { CommercetoolsSandbox } from '../../sandbox/commercetools/sandbox-types.ts';
import { type KlaviyoSandbox, startKlaviyoSandbox } from '../../sandbox/klaviyo/sandbox.ts';
import { seedShop } from '../../sandbox/shop/seed/seed.ts';
import { createCommercetoolsClient } from '../../src/commercetools/client.ts';
import { bulkResources } from '../../src/commercetools/schemas.ts';
import { applyStep } from '../../src/commercetools/subscriptions/apply-step.ts';
import { planSubscriptions } from '../../src/commercetools/subscriptions/subscriptions.ts';
import { readConfig } from '../../src/config/config.ts';
import { builtInRuleGroups } from '../../src/rules/index.ts';
import { requiredSubscriptions } from '../../src/rules/required-subscriptions.ts';
import { environmentOf } from '../test-env.ts';
import { pushSecret } from './push.ts';
import type { Schedule } from './schedule.ts';

export interface ChaosEnv {
  klaviyo: KlaviyoSandbox;
  shop: CommercetoolsSandbox;
  env: Record<string, string>;
  /** Values that the service keeps in a container of custom objects, by key. */
  storedValues(container: string): Map<string, unknown>;
  stop(): Promise<void>;
}

/** A process that is dead is known to be after a second, and nothing is waited for longer than that. */
const settings = {
  klaviyo: { timeoutSeconds: 1, retries: 1, eventListingSeconds: 3 },
  commercetools: { timeoutSeconds: 1, retries: 1, pageSize: 10, largePageSize: 10, ranges: 2 },
  realtime: { deadlineSeconds: 3 },
  runs: { checkpointSeconds: 0.2, leaseSeconds: 1 },
};
const redelivery = { ackDeadlineMs: 4_000, firstRetryMs: 50, maxRetryMs: 400, concurrency: 12 };
/** Carts are off. */
export const syncedResources = bulkResources.filter((resource) => resource !== 'carts');
export const topic = { projectId: 'chaos', topic: 'commercetools' };

interface Wanted extends Pick<Schedule, 'seed' | 'repeatedUniqueId' | 'versionZero' | 'behaviours'> {
  /** How many orders there are at first. */
  orders?: number;
  /** Settings in place of the usual ones. */
  settings?: Record<string, unknown>;
}

export async function startChaosEnv({
  seed,
  repeatedUniqueId,
  versionZero,
  behaviours = {},
  orders = 40,
  ...more
}: Wanted): Promise<ChaosEnv> {
  const klaviyo = await startKlaviyoSandbox({
    ...{ limits: 'none', jobMs: 200, repeatedUniqueId, record: false },
    ...behaviours.klaviyo,
  });
  const shop = await startCommercetoolsSandbox({ redelivery, versionZero, ...behaviours.commercetools });
  await seedShop(shop, { seed, customers: 30, orders, products: 24, edgeCases: false });
  const env = { ...environmentOf(klaviyo, shop, { ...settings, ...more.settings }), PUSH_SECRET: pushSecret };
  return {
    klaviyo,
    shop,
    env,
    storedValues: (container) => valuesIn(shop, container),
    stop: async () => {
      await Promise.all([klaviyo.stop(), shop.stop()]);
    },
  };
}

function valuesIn(shop: CommercetoolsSandbox, container: string): Map<string, unknown> {
  const documents = shop.records.all('key-value-document').flatMap((record) => (isObject(record) ? [record] : []));
  const own = documents.filter((document) => document.container === container);
  return new Map(own.map(({ key, value }) => [String(key), isObject(value) ? value.data : undefined]));
}

/** As `ctk subscriptions apply --pubsub …` does it. The topic has to be bound. */
export async function subscribe({ env }: ChaosEnv): Promise<void> {
  const config = readConfig(env);
  const client = createCommercetoolsClient({ ...config.commercetools, timeoutMs: 20_000 });
  const destination = { type: 'GoogleCloudPubSub' as const, ...topic };
  const wanted = requiredSubscriptions({
    groups: builtInRuleGroups,
    settings: config.rules,
    environment: 'chaos',
    destination,
  });
  for (const step of planSubscriptions({ required: wanted, existing: [], managedKeys: new Set() }))
    await applyStep(client, step);
}
