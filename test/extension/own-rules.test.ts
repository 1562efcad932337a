/** Rules of a merchant's own: woken, replayed, subscribed to and kept like ours. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ctk } from '../cli/ctk.ts';
import { newOrder } from '../mapping/order-fixture.ts';
import { configFile, startWith } from './merchant.ts';

const file = (rule: string) =>
  `import { defineConfig, defineRule, profileOf, skip } from 'commercetools-klaviyo';
   export default defineConfig({ rules: [defineRule(${rule})] });`;

const reviewWanted = (write: string) =>
  file(`{ name: 'review-wanted', facts: 'order', wakes: ['OrderShipmentStateChanged'], bulk: 'orders', ${write} }`);

test('a rule that a message wakes writes its event; built-in rules are not asked', async (context) => {
  const code =
    reviewWanted(`write: (facts) => ({ kind: 'event', metric: 'Review Wanted', uniqueId: facts.order.id + ':review',
    time: facts.order.lastModifiedAt, profile: profileOf(facts), properties: { State: facts.order.shipmentState } })`);
  const rows = await startWith(context, configFile(context, code));
  const order = newOrder({ shipmentState: 'Shipped' });
  await rows.place(order);
  assert.equal(await rows.tell('OrderShipmentStateChanged', order.ref), 204);
  const [event, ...others] = await rows.events({ profile: order.email });
  assert.equal(others.length, 0);
  assert.deepEqual(
    [event?.metric, event?.properties.State, event?.wouldTriggerFlows],
    ['Review Wanted', 'Shipped', true],
  );
});

test('in a sync of its resource it writes history, which wakes no flow', async (context) => {
  const code = reviewWanted(`write: (facts) => [{ kind: 'event', metric: 'Review Wanted', uniqueId: facts.order.id,
    time: facts.order.createdAt, profile: profileOf(facts), properties: {} }]`);
  const rows = await startWith(context, configFile(context, code));
  const order = newOrder();
  await rows.place(order);
  await rows.sync('orders', [order]);
  assert.equal((await rows.event('Review Wanted', order.id)).wouldTriggerFlows, false);
  assert.equal((await rows.events({ metric: 'Placed Order' })).length, 1);
});

test('what it skips is skipped with its reason', async (context) => {
  const rows = await startWith(context, configFile(context, reviewWanted(`write: () => skip('not yet')`)));
  const order = newOrder();
  await rows.place(order);
  assert.equal(await rows.tell('OrderShipmentStateChanged', order.ref), 204);
  assert.deepEqual(rows.reasons(order), ['not yet']);
});

test('when it throws the others of the record are sent, and a replay asks it again', async (context) => {
  const rows = await startWith(context, configFile(context, reviewWanted(`write() { throw new RangeError() }`)));
  const order = newOrder();
  await rows.place(order);
  await rows.sync('orders', [order]);
  assert.equal((await rows.events({ profile: order.email })).length, 2);
  const [letter] = await Array.fromAsync(rows.world.app.deadLetters.list());
  assert.ok(letter);
  assert.deepEqual([letter.rule, letter.detail], ['review-wanted', 'rule review-wanted threw RangeError']);
  assert.equal((await rows.world.app.replay.one(letter)).outcome, 'kept');
});

test("it can't write the record of a built-in rule", async (context) => {
  const code = file(`{ name: 'rival', facts: 'category', wakes: [], bulk: 'categories',
    write: (facts) => ({ kind: 'category', category: { external_id: facts.category.id, name: 'x' } }) }`);
  const rows = await startWith(context, configFile(context, code));
  await rows.world.sync('categories');
  const letters = await Array.fromAsync(rows.world.app.deadLetters.list());
  assert.ok(letters.length > 0);
  for (const { detail } of letters) assert.match(detail, /built-in rule writes: change that one by its hook/);
  assert.ok((await rows.world.categories()).every(({ name }) => name !== 'x'));
});

test('the log of a start and ctk check name the file, its hooks and its rules', async (context) => {
  const path = configFile(context, reviewWanted(`write: () => skip('never')`));
  const rows = await startWith(context, path);
  const started = rows.world.logged.find((line) => line.includes('"started"'));
  assert.match(started ?? '', /ctk\.config\.ts.*review-wanted/);
  const { out } = await ctk(['check'], rows.world.env);
  assert.match(out, /^ok .*ctk\.config\.ts: hooks none; rules review-wanted$/m);
  assert.match(out, /nothing delivers .*OrderShipmentStateChanged/);
});

test('the subscriptions that are planned ask for what wakes it', async (context) => {
  const path = configFile(context, reviewWanted(`write: () => skip('never')`));
  const rows = await startWith(context, path);
  const plan = ['subscriptions', 'plan', '--pubsub', 'projects/p/topics/t'];
  const { code, out } = await ctk(plan, rows.world.env);
  assert.equal(code, 0);
  assert.match(out, /ctk-default-order.*OrderShipmentStateChanged/);
});
