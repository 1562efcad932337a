/** A merchant's hooks, in realtime and in bulk: what they add, rename, drop and skip, and what becomes of nonsense. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { newCustomer, newOrder } from '../mapping/order-fixture.ts';
import { startHooked } from './merchant.ts';

test('an event hook adds, renames and drops properties of every order event, in realtime and in bulk alike', async (context) => {
  const shop = await startHooked(
    context,
    `event(event, { facts, rule }) {
      const { taxMode, country: Land, ...properties } = event.properties;
      return { ...event, properties: { ...properties, Land, Channel: facts.order.origin, Rule: rule } };
    }`,
  );
  const placed = await shop.placed();
  assert.equal(placed.properties.Land, 'DE');
  assert.equal(placed.properties.Channel, 'Customer');
  assert.equal(placed.properties.Rule, 'placed-order');
  for (const gone of ['country', 'taxMode']) assert.equal(placed.properties[gone], undefined);
  const order = newOrder();
  await shop.addRecords(order);
  assert.equal((await shop.sync('orders', [order])).counts.delivered, 1);
  const [first, second] = await shop.events({ profile: order.email });
  assert.deepEqual([first?.properties.Rule, second?.properties.Rule].toSorted(), ['ordered-product', 'placed-order']);
  assert.equal(first?.properties.Channel, 'Customer');
});

test('a hook that skips says why, the others of the order are sent, and the message is done', async (context) => {
  const shop = await startHooked(
    context,
    `event: (event, { rule }) => (rule === 'ordered-product' ? skip('lines are of no use to us') : event)`,
  );
  const order = newOrder();
  assert.equal(await shop.sendMessage('OrderCreated', order.ref, { order: order.record }), 204);
  assert.deepEqual(
    (await shop.events({ profile: order.email })).map(({ metric }) => metric),
    ['Placed Order'],
  );
  await shop.addRecords(order);
  await shop.sync('orders', [order]);
  assert.equal((await shop.events({ profile: order.email })).length, 1);
});

test('a run counts what a hook skipped, with its reason', async (context) => {
  const shop = await startHooked(context, `profile: () => skip('a test account')`);
  const customer = newCustomer();
  await shop.addRecords(customer);
  const { counts } = await shop.sync('customers', [customer]);
  assert.deepEqual([counts.skipped, counts.reasons], [1, { 'a test account': 1 }]);
  assert.deepEqual(await shop.profiles(), []);
});

test('items, variants and categories go through their hooks, and a renamed category is renamed wherever it is written', async (context) => {
  const shop = await startHooked(
    context,
    `item: (item, { facts }) => ({ ...item, title: item.title + ' (' + facts.product.key + ')', custom_metadata: { ...item.custom_metadata, season: 'summer' } }),
    variant: (variant) => (variant.sku.endsWith('-M') ? skip('no longer sold') : { ...variant, price: 1 }),
    category: (category, { facts: { path } }) => ({ ...category, name: path.length + ' ' + category.name })`,
  );
  const { counts } = await shop.testEnv.sync('products');
  assert.equal(counts.delivered, 1);
  const [item] = await shop.testEnv.items();
  assert.match(String(item?.title), / \(slim-jeans\)$/);
  assert.match(JSON.stringify(item?.custom_metadata), /"season":"summer"/);
  const names = async () => (await shop.testEnv.categories()).map(({ name }) => String(name)).toSorted();
  const linked = await names();
  assert.deepEqual(linked, ['1 Women', '2 Women > Pants', '3 Women > Pants > Jeans']);
  await shop.testEnv.sync('categories');
  assert.deepEqual(await names(), ['1 Sale', ...linked]);
  assert.deepEqual(
    (await shop.testEnv.variants()).map(({ sku, price }) => [sku, price]),
    [['JEANS-S', 1]],
  );
  assert.equal((await shop.testEnv.sync('products')).counts.delivered, 1);
});

test("Klaviyo's limits are applied to what a hook returns, with a warning", async (context) => {
  const shop = await startHooked(
    context,
    `event: (event) => ({ ...event, properties: { ...event.properties, Deep: { a: { b: { c: { d: { e: { f: { g: { h: { i: { j: 1 } } } } } } } } } }, Long: 'x'.repeat(200_000) } }),
    profile: (profile) => ({ ...profile, first_name: 'y'.repeat(9_000), properties: Object.fromEntries(Array.from({ length: 500 }, (_, at) => ['p' + at, at])) })`,
  );
  const order = newOrder();
  assert.equal(await shop.sendMessage('OrderCreated', order.ref, { order: order.record }), 204);
  const { properties } = await shop.event('Placed Order', order.id);
  assert.equal(String(properties.Long).length, 100_000);
  assert.ok(shop.warnings(order).some((detail) => detail.includes('Long') && detail.includes('Deep')));
  const customer = newCustomer();
  await shop.addRecords(customer);
  assert.equal(await shop.sendChange('ResourceUpdated', customer.ref), 204);
  const profile = await shop.profile(customer.email);
  assert.equal(Object.keys(profile.properties).length, 400);
  assert.equal(profile.first_name?.length, 4_000);
});

test('a hook cannot let the events of a sync trigger flows', async (context) => {
  const shop = await startHooked(context, `event: (event) => ({ ...event, backfill: false })`);
  const order = newOrder();
  await shop.addRecords(order);
  await shop.sync('orders', [order]);
  assert.equal((await shop.event('Placed Order', order.id)).wouldTriggerFlows, false);
});

describe('a hook that throws, changes what it was given or returns nonsense is a row of the table that decides', () => {
  for (const [what, hook, said] of [
    ['throws', `event() { throw new TypeError('mia@example.com') }`, /hooks\.event threw TypeError/],
    ['changes the record', `event(event) { event.properties.x = 1; return event }`, /hooks\.event threw TypeError/],
    [
      'changes the facts',
      `event(event, { facts }) { facts.order.id = 'x'; return event }`,
      /hooks\.event threw TypeError/,
    ],
    ['returns nothing', `event() {}`, /hooks\.event returned what can't be sent/],
    ['is asynchronous', `event: async (event) => event`, /hooks\.event returned a promise/],
    [
      'returns a date',
      `event: (event) => ({ ...event, properties: { at: new Date(0) } })`,
      /properties\.at: must be plain JSON, not Date/,
    ],
    [
      'returns NaN',
      `event: (event) => ({ ...event, properties: { a: [1, NaN] } })`,
      /properties\.a\.1: must be plain JSON, not NaN/,
    ],
    [
      'loses the profile',
      `event: (event) => ({ ...event, profile: {} })`,
      /profile: needs email, external_id, phone_number, _kx or anonymous_id/,
    ],
    ['gives no time', `event: (event) => ({ ...event, time: 'yesterday' })`, /time: must be ISO 8601/],
  ] as const) {
    test(`${what}: the message comes again, and is a dead letter after five tries`, async (context) => {
      const shop = await startHooked(context, hook);
      const order = newOrder();
      const again = { id: order.id, order: order.record };
      for (let tries = 1; tries < 5; tries += 1)
        assert.equal(await shop.sendMessage('OrderCreated', order.ref, again), 503);
      assert.equal(await shop.sendMessage('OrderCreated', order.ref, again), 202);
      const letters = await Array.fromAsync(shop.testEnv.app.deadLetters.list());
      assert.deepEqual(
        new Set(letters.map(({ code, rule }) => `${code} ${rule}`)),
        new Set(['failed placed-order', 'failed ordered-product']),
      );
      for (const { detail } of letters) assert.match(detail, said);
      assert.ok(shop.testEnv.logged.some((line) => said.test(line)));
      for (const line of shop.testEnv.logged) assert.doesNotMatch(line, /example\.com/);
    });
  }

  test('in bulk it is a dead letter at once, the others are sent, and the run ends well', async (context) => {
    const shop = await startHooked(
      context,
      `profile(profile, { facts }) { if (facts.customer.firstName === 'Odd') throw new Error(); return profile }`,
    );
    const [odd, ...others] = [newCustomer({ firstName: 'Odd' }), ...Array.from({ length: 30 }, () => newCustomer())];
    assert.ok(odd);
    await shop.addRecords(odd, ...others);
    const run = await shop.sync('customers', [...others.slice(0, 15), odd, ...others.slice(15)]);
    assert.deepEqual([run.state, run.counts.delivered, run.counts.rejected], ['completed', 30, 1]);
    const [letter] = await Array.fromAsync(shop.testEnv.app.deadLetters.list());
    assert.deepEqual(
      [letter?.record?.id, letter?.code, letter?.detail],
      [odd.id, 'failed', 'hooks.profile threw Error'],
    );
  });

  test('when it throws at every record, the run ends as failed instead of filling the dead letters', async (context) => {
    const shop = await startHooked(context, `profile() { throw new Error() }`);
    const [first, ...others] = Array.from({ length: 60 }, () => newCustomer());
    assert.ok(first);
    await shop.addRecords(first, ...others);
    const run = await shop.sync('customers', [first, ...others]);
    assert.equal(run.state, 'failed');
  });

  for (const [what, hook] of [
    ['the id of an item', `item: (item) => ({ ...item, external_id: 'x' })`],
    ['the quantity of a variant', `variant: (variant) => ({ ...variant, inventory_quantity: 1 })`],
  ] as const) {
    test(`${what} is not a hook's to change`, async (context) => {
      const shop = await startHooked(context, hook);
      const run = await shop.testEnv.sync('products');
      assert.equal(run.counts.rejected, 1);
      const [letter] = await Array.fromAsync(shop.testEnv.app.deadLetters.list());
      assert.match(letter?.detail ?? '', /must not change (external_id|inventory_quantity)/);
    });
  }
});
