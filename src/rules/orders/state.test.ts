import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  askMessage,
  askRecords,
  delivery,
  id,
  type Json,
  lookIn,
  order,
  reference,
  run,
  settings,
  withoutPayload,
  written,
} from '../../../test/fixtures/index.ts';
import type { EventChange } from '../../klaviyo/change.ts';
import type { RuleOutput } from '../types.ts';

const about = reference('order', id('0a'));
type StateRule = 'fulfilled-order' | 'cancelled-order';

function eventIn({ changes: [change], skips }: RuleOutput): EventChange {
  if (change?.type !== 'event') throw new Error(`no event was written: ${skips.join()}`);
  return change;
}
async function cameInto(orderState: string, rule: StateRule, set: Json = {}): Promise<RuleOutput> {
  const asking = { rule, lookups: lookIn({ orders: [order({ orderState: 'Open' })] }), settings: settings(set) };
  return written(await askMessage(delivery('OrderStateChanged', about, { orderState, oldOrderState: 'Open' }), asking));
}
async function inRun(overrides: Json, rule: StateRule): Promise<RuleOutput> {
  return written(await askRecords([order(overrides)], { rule, lookups: lookIn({}), cause: run }));
}

test('an order is fulfilled when it comes into a state that fulfils, at the time of the message', async () => {
  for (const state of ['Confirmed', 'Complete']) {
    const event = eventIn(await cameInto(state, 'fulfilled-order'));
    assert.deepEqual([event.metric, event.uniqueId, event.value], ['Fulfilled Order', id('0a'), 122.8]);
    assert.equal(event.time, '2026-03-15T08:00:00.000Z');
    assert.deepEqual(event.properties.ItemNames, ['Slim Jeans', 'Gift wrapping']);
  }
});

test('an order is cancelled when it comes into a state that cancels', async () => {
  assert.equal(eventIn(await cameInto('Cancelled', 'cancelled-order')).metric, 'Cancelled Order');
  assert.match(
    (await cameInto('Cancelled', 'fulfilled-order')).skips[0] ?? '',
    /Cancelled does not count as fulfilled/,
  );
  assert.match((await cameInto('Open', 'cancelled-order')).skips[0] ?? '', /Open does not count as cancelled/);
});

test('a state that is configured for both cancels', async () => {
  const both = { order: { states: { changed: { cancelledOrder: ['Complete'] } } } };
  assert.equal((await cameInto('Complete', 'cancelled-order', both)).changes.length, 1);
  assert.equal((await cameInto('Complete', 'fulfilled-order', both)).changes.length, 0);
});

test('without a payload the order itself says its state', async () => {
  const lookups = lookIn({ orders: [order({ orderState: 'Complete' })] });
  const told = await askMessage(withoutPayload('OrderStateChanged', about), { rule: 'fulfilled-order', lookups });
  assert.equal(written(told).changes.length, 1);
});

test('a run says what the state says, at a time that the order knows: no times are invented', async () => {
  const deliveries = [{ createdAt: '2026-03-14T15:00:00.000Z' }, { createdAt: '2026-03-14T18:00:00.000Z' }];
  const sent = { orderState: 'Complete', shippingInfo: { deliveries } };
  const timeOf = async (overrides: Json, rule: StateRule = 'fulfilled-order') =>
    eventIn(await inRun(overrides, rule)).time;
  assert.equal(await timeOf({ ...sent, completedAt: '2026-03-14T20:00:00.000Z' }), '2026-03-14T20:00:00.000Z');
  assert.equal(await timeOf(sent), '2026-03-14T18:00:00.000Z');
  const many = { orderState: 'Complete', shipping: [{ shippingInfo: { deliveries } }, {}] };
  assert.equal(await timeOf(many), '2026-03-14T18:00:00.000Z');
  assert.equal(await timeOf({ orderState: 'Complete' }), '2026-03-14T10:05:00.000Z');
  assert.equal(await timeOf({ ...sent, orderState: 'Cancelled' }, 'cancelled-order'), '2026-03-14T10:05:00.000Z');
});

test('a run leaves an open order alone', async () => {
  assert.equal((await inRun({}, 'fulfilled-order')).changes.length, 0);
  assert.equal((await inRun({}, 'cancelled-order')).changes.length, 0);
});

test("a cancellation tells its reason from the merchant's custom field; a fulfilment has none", async () => {
  const set = { order: { reasonField: 'cancelReason' } };
  assert.equal(eventIn(await cameInto('Cancelled', 'cancelled-order', set)).properties.Reason, 'ordered twice');
  assert.equal('Reason' in eventIn(await cameInto('Cancelled', 'cancelled-order')).properties, false);
  assert.equal('Reason' in eventIn(await cameInto('Complete', 'fulfilled-order', set)).properties, false);
});

test('the address travels with it, unless the merchant wants it with new orders only', async () => {
  assert.equal(eventIn(await cameInto('Complete', 'fulfilled-order')).profile.location?.city, 'Berlin');
  const created = { order: { profileLocation: 'created' } };
  assert.equal('location' in eventIn(await cameInto('Complete', 'fulfilled-order', created)).profile, false);
});
