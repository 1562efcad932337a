/** Custom rules: triggered, replayed, subscribed to and dead-lettered like built-in rules. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ctkInProcess as ctk } from '../cli/in-process.ts';
import { newOrder } from '../mapping/order-fixture.ts';
import { configFile, startWith } from './merchant.ts';

const file = (rule: string) =>
  `import { defineConfig, defineRule, profileOf, skip } from 'commercetools-klaviyo';
   export default defineConfig({ rules: [defineRule(${rule})] });`;

const reviewWanted = (map: string) =>
  file(`{ name: 'review-wanted', facts: 'order', triggers: ['OrderEstimatedDeliverySet'], bulk: 'orders', ${map} }`);

test('a message triggers a custom rule and no built-in rule', async (context) => {
  const code =
    reviewWanted(`map: (facts) => ({ type: 'event', metric: 'Review Wanted', uniqueId: facts.order.id + ':review',
    time: facts.order.lastModifiedAt, profile: profileOf(facts), properties: { State: facts.order.shipmentState } })`);
  const shop = await startWith(context, configFile(context, code));
  const order = newOrder({ shipmentState: 'Shipped' });
  await shop.addRecords(order);
  assert.equal(await shop.sendMessage('OrderEstimatedDeliverySet', order.ref), 204);
  const [event, ...others] = await shop.events({ profile: order.email });
  assert.equal(others.length, 0);
  assert.deepEqual(
    [event?.metric, event?.properties.State, event?.wouldTriggerFlows],
    ['Review Wanted', 'Shipped', true],
  );
});

test('a sync sends the events of a custom rule without triggering flows', async (context) => {
  const code = reviewWanted(`map: (facts) => [{ type: 'event', metric: 'Review Wanted', uniqueId: facts.order.id,
    time: facts.order.createdAt, profile: profileOf(facts), properties: {} }]`);
  const shop = await startWith(context, configFile(context, code));
  const order = newOrder();
  await shop.addRecords(order);
  await shop.sync('orders', [order]);
  assert.equal((await shop.event('Review Wanted', order.id)).wouldTriggerFlows, false);
  assert.equal((await shop.events({ metric: 'Placed Order' })).length, 1);
});

test('a skip of a custom rule is counted with its reason', async (context) => {
  const shop = await startWith(context, configFile(context, reviewWanted(`map: () => skip('not yet')`)));
  const order = newOrder();
  await shop.addRecords(order);
  assert.equal(await shop.sendMessage('OrderEstimatedDeliverySet', order.ref), 204);
  assert.deepEqual(shop.reasons(order), ['not yet']);
});

test('a custom rule that throws does not affect other rules, and a replay evaluates it again', async (context) => {
  const shop = await startWith(context, configFile(context, reviewWanted(`map() { throw new RangeError() }`)));
  const order = newOrder();
  await shop.addRecords(order);
  await shop.sync('orders', [order]);
  assert.equal((await shop.events({ profile: order.email })).length, 2);
  const [letter] = await Array.fromAsync(shop.testEnv.app.deadLetters.list());
  assert.ok(letter);
  assert.deepEqual([letter.rule, letter.detail], ['review-wanted', 'rule review-wanted threw RangeError']);
  assert.equal((await shop.testEnv.app.replay.one(letter)).outcome, 'rejected');
});

test("a custom rule can't change the record of a built-in rule", async (context) => {
  const code = file(`{ name: 'rival', facts: 'category', triggers: [], bulk: 'categories',
    map: (facts) => ({ type: 'category', category: { external_id: facts.category.id, name: 'x' } }) }`);
  const shop = await startWith(context, configFile(context, code));
  await shop.testEnv.sync('categories');
  const letters = await Array.fromAsync(shop.testEnv.app.deadLetters.list());
  assert.ok(letters.length > 0);
  for (const { detail } of letters) assert.match(detail, /built-in rule writes: change it by its hook/);
  assert.ok((await shop.testEnv.categories()).every(({ name }) => name !== 'x'));
});

test('the start log and ctk check name the file, its hooks and its rules', async (context) => {
  const path = configFile(context, reviewWanted(`map: () => skip('never')`));
  const shop = await startWith(context, path);
  const started = shop.testEnv.logged.find((line) => line.includes('"started"'));
  assert.match(started ?? '', /ctk\.config\.ts.*review-wanted/);
  const { out } = await ctk(['check'], shop.testEnv.env);
  assert.match(out, /^ok .*ctk\.config\.ts: hooks none; rules review-wanted$/m);
  assert.match(out, /no subscription for .*OrderEstimatedDeliverySet/);
});

test('planned subscriptions include the triggers of a custom rule', async (context) => {
  const path = configFile(context, reviewWanted(`map: () => skip('never')`));
  const shop = await startWith(context, path);
  const plan = ['subscriptions', 'plan', '--pubsub', 'projects/p/topics/t'];
  const { code, out } = await ctk(plan, shop.testEnv.env);
  assert.equal(code, 0);
  assert.match(out, /ctk-default-order.*OrderEstimatedDeliverySet/);
});
