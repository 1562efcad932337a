/** `ctk subscriptions`: planned, made so, made so again without effect, removed; others are never touched. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { z } from 'zod';
import { connectShop } from '../../sandbox/shop/actors/shop-api.ts';
import { apply } from '../../src/cli/commands/subscriptions.ts';
import { createTerminal } from '../../src/cli/output/terminal.ts';
import { createCommercetoolsClient } from '../../src/commercetools/client.ts';
import type { SubscriptionDraft } from '../../src/commercetools/subscriptions/subscriptions.ts';
import { startTestEnv, type TestEnv } from '../test-env.ts';
import { ctk as ctkProcess } from './ctk.ts';
import { ctkInProcess as ctk } from './in-process.ts';

let testEnv: TestEnv;
const topic = 'projects/cloud/topics/commercetools';
const to = ['--pubsub', topic];
const resources = ['category', 'customer', 'inventory-entry', 'order', 'payment', 'product', 'standalone-price'];

before(async () => {
  testEnv = await startTestEnv();
  testEnv.shop.pubsub.bind(topic, { pushEndpoint: `${testEnv.service}/` });
});
after(() => testEnv.stop());
beforeEach(async () => {
  await ctk(['subscriptions', 'remove'], testEnv.env);
});

const listed = z.object({ results: z.array(z.looseObject({ key: z.string().optional() })) });

async function keys(): Promise<string[]> {
  const { results } = await connectShop(testEnv.shop).get('subscriptions?limit=100', listed);
  return results.flatMap(({ key }) => key ?? []).toSorted();
}

const lines = (out: string) => out.trimEnd().split('\n');

test('plan shows what would be made, and changes nothing', async () => {
  const { code, out } = await ctk(['subscriptions', 'plan', ...to], testEnv.env);
  assert.equal(code, 0);
  assert.deepEqual(
    lines(out).map((line) => line.split(':')[0]),
    resources.map((resource) => `+ create ctk-default-${resource}`),
  );
  assert.match(out, /ctk-default-order: .*OrderCreated.*OrderCustomerSet.*OrderStateChanged/);
  assert.match(out, /ctk-default-customer: CustomerCreated, CustomerCustomFieldRemoved, .*, changes of customer/);
  assert.deepEqual(await keys(), []);
});

test('apply makes it so; a second time there is nothing to do; then messages arrive', async () => {
  const first = await ctk(['subscriptions', 'apply', ...to], testEnv.env);
  assert.equal(first.code, 0);
  assert.deepEqual(
    lines(first.out).map((line) => line.slice(0, 9)),
    resources.map(() => '+ created'),
  );
  const made = await keys();
  assert.deepEqual(
    made,
    resources.map((resource) => `ctk-default-${resource}`),
  );
  for (const command of ['apply', 'plan']) {
    const { code, out } = await ctk(['subscriptions', command, ...to], testEnv.env);
    assert.equal(code, 0);
    assert.ok(lines(out).every((line) => line.startsWith('= unchanged')));
  }
  assert.deepEqual(await keys(), made);
  const draft = { email: 'new.customer@example.com', password: 'secret', firstName: 'Nora' };
  await connectShop(testEnv.shop).request('POST', 'customers', draft);
  const { out } = await ctk(['check'], testEnv.env);
  assert.doesNotMatch(out, /no subscription for/);
  for (;;) {
    const [profile] = await testEnv.profiles();
    if (profile?.first_name === 'Nora') break;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
});

test('what differs is updated, what is not wanted any more removed, in this environment only', async () => {
  await ctk(['subscriptions', 'apply', ...to], testEnv.env);
  const settings = { disabledEvents: ['InventoryResourceUpdated', 'OrderCreated'] };
  const env = { ...testEnv.env, NODE_CONFIG: JSON.stringify(settings) };
  const { out } = await ctk(['subscriptions', 'plan', ...to], env);
  assert.match(out, /^~ update ctk-default-order: setMessages$/m);
  assert.match(out, /^- remove ctk-default-inventory-entry/m);
  await ctk(['subscriptions', 'apply', ...to], env);
  assert.ok(!(await keys()).includes('ctk-default-inventory-entry'));
  const staging = { ...testEnv.env, CTK_ENVIRONMENT: 'staging' };
  assert.match((await ctk(['subscriptions', 'plan', ...to], staging)).out, /^\+ create ctk-staging-order/m);
});

test("remove takes ours and leaves the open-source plugin's and other environments'; a second time there is nothing to do", async () => {
  const destination = { type: 'GoogleCloudPubSub', projectId: 'cloud', topic: 'commercetools' };
  for (const key of ['connect-prod-order', 'ctk-staging-order']) {
    const draft = { key, destination, messages: [{ resourceTypeId: 'order', types: ['OrderCreated'] }] };
    await connectShop(testEnv.shop).request('POST', 'subscriptions', draft);
  }
  await ctk(['subscriptions', 'apply', ...to], testEnv.env);
  const first = await ctk(['subscriptions', 'remove'], testEnv.env);
  assert.equal(first.code, 0);
  assert.equal(lines(first.out).filter((line) => line.startsWith('- removed')).length, resources.length);
  assert.deepEqual(await keys(), ['connect-prod-order', 'ctk-staging-order']);
  const second = await ctk(['subscriptions', 'remove'], testEnv.env);
  assert.equal(second.code, 0);
  assert.deepEqual(await keys(), ['connect-prod-order', 'ctk-staging-order']);
});

test('a destination that does not accept yet is reported before it is tried again', async () => {
  await using failing = await startTestEnv({ commercetools: { failingSubscriptionCreations: 2 } });
  const { url, ...shop } = failing.shop;
  const client = createCommercetoolsClient({ ...shop, apiUrl: url, scopes: [], timeoutMs: 5_000, retries: 0 });
  const shown: string[] = [];
  const terminal = { ...createTerminal(), line: (text = '') => void shown.push(text) };
  const draft: SubscriptionDraft = {
    key: 'ctk-default-order',
    destination: { type: 'EventBridge', region: 'eu-central-1', accountId: '123456789012' },
    messages: [{ resourceTypeId: 'order', types: ['OrderCreated'] }],
    changes: [],
    format: { type: 'Platform' },
  };
  const deps = { client, terminal, retry: { timeoutMs: 60_000, intervalMs: 1 } };
  await apply(deps, [{ action: 'create', draft }]);
  assert.equal(shown.length, 2);
  assert.match(
    shown[0] ?? '',
    /^ctk-default-order: the destination does not accept yet; trying again until \d\d:\d\d:\d\d$/,
  );
  assert.equal(shown[1], '+ created ctk-default-order: OrderCreated');
});

test('an invalid topic name and a client without the scope are reported with what to do', async () => {
  const wrong = await ctk(['subscriptions', 'plan', '--pubsub', 'commercetools'], testEnv.env);
  assert.equal(wrong.code, 1);
  assert.match(wrong.err, /projects\/<project>\/topics\/<topic>/);
  await using limited = await startTestEnv({ commercetools: { scopes: ['view_orders'] } });
  const forbidden = await ctkProcess(['subscriptions', 'apply', ...to], limited.env);
  assert.equal(forbidden.code, 1);
  assert.match(forbidden.err, /403.*subscriptions\nRun ctk check to find what is missing/);
});

for (const named of [true, false])
  test(`a refused draft is named with ${named ? 'the type that the refusal names' : 'its types'}, and the others are made`, async () => {
    const message = named ? "'OrderStateChanged' is not a message type of 'order'." : 'refused';
    const body = { statusCode: 400, message, errors: [{ code: named ? 'InvalidInput' : 'InvalidField', message }] };
    const path = `/${testEnv.shop.projectKey}/subscriptions`;
    const fault = {
      path,
      method: 'POST',
      kind: 'status',
      status: 400,
      body,
      after: resources.indexOf('order'),
    } as const;
    testEnv.shop.faults.add({ ...fault, times: 1 });
    const { code, err } = await ctk(['subscriptions', 'apply', ...to], testEnv.env);
    testEnv.shop.faults.clear();
    assert.equal(code, 1);
    assert.match(err, /ctk-default-\S+: commercetools answered 400 .*; it asks for /);
    if (named) assert.match(err, /it asks for OrderStateChanged$/m);
    const made = (await keys()).filter((key) => key.startsWith('ctk-default-'));
    assert.deepEqual(
      made,
      resources.filter((name) => name !== 'order').map((name) => `ctk-default-${name}`),
    );
  });
