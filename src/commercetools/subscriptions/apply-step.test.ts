/** Tests steps against every behaviour of commercetools that its docs leave open. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commercetoolsVariants } from '../../../sandbox/commercetools/behaviours.ts';
import type { CommercetoolsSandboxOptions } from '../../../sandbox/commercetools/options.ts';
import { startCommercetoolsSandbox } from '../../../sandbox/commercetools/sandbox.ts';
import { createCommercetoolsClient } from '../client.ts';
import { CommercetoolsError } from '../errors.ts';
import { type ApplyOptions, applyStep } from './apply-step.ts';
import type { Destination } from './destinations.ts';
import { listSubscriptions, planSubscriptions, type SubscriptionDraft } from './subscriptions.ts';

const queue: Destination = {
  type: 'SQS',
  queueUrl: 'https://sqs.eu-central-1.amazonaws.com/123456789012/queue',
  region: 'eu-central-1',
  authenticationMode: 'IAM',
};

function draftOf(fields: Partial<SubscriptionDraft>): SubscriptionDraft {
  return {
    key: 'ctk-test-order',
    destination: queue,
    messages: [],
    changes: [],
    format: { type: 'Platform' },
    ...fields,
  };
}

const messages = [{ resourceTypeId: 'order', types: ['OrderCreated'] }];
const changes = [{ resourceTypeId: 'order' }];

async function startShop(options: CommercetoolsSandboxOptions = {}) {
  const sandbox = await startCommercetoolsSandbox(options);
  const { url: apiUrl, authUrl, projectKey, clientId, clientSecret } = sandbox;
  const settings = { apiUrl, authUrl, projectKey, clientId, clientSecret, scopes: [], timeoutMs: 5_000, retries: 0 };
  const client = createCommercetoolsClient(settings);
  return {
    sandbox,
    async apply(draft: SubscriptionDraft, applyOptions?: ApplyOptions): Promise<void> {
      const existing = await listSubscriptions(client);
      const managedKeys = new Set([draft.key]);
      for (const step of planSubscriptions({ required: [draft], existing, managedKeys }))
        await applyStep(client, step, applyOptions);
    },
    async listed() {
      const subscriptions = await listSubscriptions(client);
      return subscriptions.map(({ messages, changes }) => ({ messages, changes }));
    },
    [Symbol.asyncDispose]: () => sandbox.stop(),
  };
}

for (const emptyListInDraft of commercetoolsVariants.emptyListInDraft)
  test(`a subscription to messages or to changes alone is created when empty lists are ${emptyListInDraft}`, async () => {
    await using shop = await startShop({ emptyListInDraft });
    await shop.apply(draftOf({ messages }));
    assert.deepEqual(await shop.listed(), [{ messages, changes: [] }]);
    await shop.apply(draftOf({ key: 'ctk-test-changes', changes }));
    assert.equal((await shop.listed()).length, 2);
  });

for (const emptySubscriptionCheck of commercetoolsVariants.emptySubscriptionCheck)
  test(`messages and changes replace each other when the check is ${emptySubscriptionCheck}`, async () => {
    await using shop = await startShop({ emptySubscriptionCheck });
    await shop.apply(draftOf({ messages }));
    await shop.apply(draftOf({ changes }));
    assert.deepEqual(await shop.listed(), [{ messages: [], changes }]);
    await shop.apply(draftOf({ messages }));
    assert.deepEqual(await shop.listed(), [{ messages, changes: [] }]);
  });

for (const failingSubscriptionCreations of commercetoolsVariants.failingSubscriptionCreations)
  test(`a destination that refuses ${failingSubscriptionCreations} times is tried again, which is reported once`, async () => {
    await using shop = await startShop({ failingSubscriptionCreations });
    const reported: Date[] = [];
    const retry = { timeoutMs: 60_000, intervalMs: 1 };
    await shop.apply(draftOf({ messages }), { retry, onRetry: (until) => reported.push(until) });
    assert.equal((await shop.listed()).length, 1);
    assert.equal(reported.length, failingSubscriptionCreations > 0 ? 1 : 0);
  });

const isRejected = (thrown: unknown) => thrown instanceof CommercetoolsError && thrown.type === 'rejected';

test('a destination that refuses until the end of the time fails the step', async () => {
  await using shop = await startShop({ failingSubscriptionCreations: 1_000_000 });
  await assert.rejects(shop.apply(draftOf({ messages }), { retry: { timeoutMs: 50, intervalMs: 10 } }), isRejected);
});

test('another error of a creation is not retried', async () => {
  await using shop = await startShop();
  const body = { errors: [{ code: 'ResourceSizeLimitExceeded', message: 'too many' }] };
  shop.sandbox.faults.add({
    path: `/${shop.sandbox.projectKey}/subscriptions`,
    method: 'POST',
    kind: 'status',
    status: 400,
    body,
    times: 1,
  });
  await assert.rejects(shop.apply(draftOf({ messages })), isRejected);
});
