import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lookupsIn, mappedOutput, order, profilesIn, run, settings } from '../../../test/fixtures/index.ts';
import { createRuleGroup } from '../rule-group.ts';
import { orderFacts } from './facts.ts';
import { type OrderEventSpec, orderEventRule } from './order-event.ts';

const spec: OrderEventSpec = {
  name: 'test-event',
  summary: 'A test.',
  metric: 'placedOrder',
  per: 'each part',
  settings: ['order.reasonField'],
  needs: ['payments'],
  moment: 'later',
  triggers: () => [],
  events: ({ order }) => [
    { uniqueId: 'a', times: ['never', order.createdAt], value: order.totalPrice, properties: { Extra: 1 } },
    { skip: 'part b is missing' },
    { uniqueId: 'c', times: ['1980-01-01'], value: order.totalPrice },
    { skip: 'part b is missing' },
  ],
};

async function evaluate(overrides: Partial<OrderEventSpec>, record = order()) {
  const group = createRuleGroup(orderFacts, [orderEventRule({ ...spec, ...overrides })]);
  const context = {
    lookups: lookupsIn({}),
    profiles: profilesIn(),
    cause: run,
    at: new Date('2026-03-16T12:00:00.000Z'),
    settings: settings(),
  };
  return mappedOutput(await group.evaluateRecords([record], new Set(['test-event']), context));
}

test('the docs of an event are derived: metric, settings and needs', () => {
  const { sends, settings, needs, bulk } = orderEventRule(spec);
  assert.deepEqual([sends, bulk], ['event `Placed Order` for each part', 'orders']);
  assert.deepEqual(needs, ['payments', 'discountCodes']);
  for (const path of ['order.metrics.placedOrder', 'order.reasonField', 'order.profileLocation', 'order.properties']) {
    assert.ok(settings.includes(path), path);
  }
});

test("an event has the configured metric, the first valid time, its own and the order's properties", async () => {
  const { changes, skips } = await evaluate({});
  const [event] = changes;
  assert.ok(event?.type === 'event' && changes.length === 1);
  assert.deepEqual([event.metric, event.uniqueId, event.time], ['Placed Order', 'a', '2026-03-14T10:00:00.000Z']);
  assert.deepEqual([event.properties.Extra, event.properties.orderNumber], [1, '2026-0042']);
  assert.deepEqual(skips, ['part b is missing', 'no time that Klaviyo accepts (after 1990, at most a year ahead)']);
});

test("an event with properties of its own has none of the order's", async () => {
  const { changes } = await evaluate({ ownPropertySettings: [] });
  assert.deepEqual(changes[0]?.type === 'event' && changes[0].properties, { Extra: 1 });
});

test('an order without e-mail and customer is skipped before its events are computed', async () => {
  const events = () => assert.fail('not reached');
  const { skips } = await evaluate({ events }, order({ customerEmail: undefined, customerId: undefined }));
  assert.deepEqual(skips, ['the order has neither e-mail nor customer id']);
});

test('a rule that skips the whole order gives its reason', async () => {
  assert.deepEqual((await evaluate({ events: () => ({ skip: 'nothing happened' }) })).skips, ['nothing happened']);
});
