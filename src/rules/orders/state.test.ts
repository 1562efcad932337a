import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  delivery,
  evaluateMessage,
  evaluateRecords,
  id,
  type Json,
  lookupsIn,
  mappedOutput,
  order,
  reference,
  run,
  settings,
  withoutPayload,
} from '../../../test/fixtures/index.ts';
import type { EventChange } from '../../klaviyo/change.ts';
import type { RuleOutput } from '../types.ts';

const ref = reference('order', id('0a'));
type StateRule = 'fulfilled-order' | 'cancelled-order';

function eventIn({ changes: [change], skips }: RuleOutput): EventChange {
  if (change?.type !== 'event') throw new Error(`no event was written: ${skips.join()}`);
  return change;
}
async function cameInto(orderState: string, rule: StateRule, set: Json = {}): Promise<RuleOutput> {
  const options = { rule, lookups: lookupsIn({ orders: [order({ orderState: 'Open' })] }), settings: settings(set) };
  return mappedOutput(
    await evaluateMessage(delivery('OrderStateChanged', ref, { orderState, oldOrderState: 'Open' }), options),
  );
}
async function inRun(overrides: Json, rule: StateRule): Promise<RuleOutput> {
  return mappedOutput(await evaluateRecords([order(overrides)], { rule, lookups: lookupsIn({}), cause: run }));
}

test('a state that fulfils gives Fulfilled Order at the time of the message', async () => {
  for (const state of ['Confirmed', 'Complete']) {
    const event = eventIn(await cameInto(state, 'fulfilled-order'));
    assert.deepEqual([event.metric, event.uniqueId, event.value], ['Fulfilled Order', id('0a'), 122.8]);
    assert.equal(event.time, '2026-03-15T08:00:00.000Z');
    assert.deepEqual(event.properties.ItemNames, ['Slim Jeans', 'Gift wrapping']);
  }
});

test('a state that cancels gives Cancelled Order', async () => {
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

test('without a payload the state of the order is used', async () => {
  const lookups = lookupsIn({ orders: [order({ orderState: 'Complete' })] });
  const evaluated = await evaluateMessage(withoutPayload('OrderStateChanged', ref), {
    rule: 'fulfilled-order',
    lookups,
  });
  assert.equal(mappedOutput(evaluated).changes.length, 1);
});

test('a run uses the state and a time of the order itself', async () => {
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

test('a run skips an open order', async () => {
  assert.equal((await inRun({}, 'fulfilled-order')).changes.length, 0);
  assert.equal((await inRun({}, 'cancelled-order')).changes.length, 0);
});

test('a cancellation has the reason of the configured custom field; a fulfilment has none', async () => {
  const set = { order: { reasonField: 'cancelReason' } };
  assert.equal(eventIn(await cameInto('Cancelled', 'cancelled-order', set)).properties.Reason, 'ordered twice');
  assert.equal('Reason' in eventIn(await cameInto('Cancelled', 'cancelled-order')).properties, false);
  assert.equal('Reason' in eventIn(await cameInto('Complete', 'fulfilled-order', set)).properties, false);
});

test('the event sets the location, unless the settings restrict it to new orders', async () => {
  assert.equal(eventIn(await cameInto('Complete', 'fulfilled-order')).profile.location?.city, 'Berlin');
  const created = { order: { profileLocation: 'created' } };
  assert.equal('location' in eventIn(await cameInto('Complete', 'fulfilled-order', created)).profile, false);
});
