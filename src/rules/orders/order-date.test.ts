import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
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
const history = '2021-05-04T10:00:00.000Z';
/** `createdAt` of the fixture. */
const importedAt = '2026-03-14T10:00:00.000Z';

function eventIn({ changes: [change], skips }: RuleOutput): EventChange {
  if (change?.type !== 'event') throw new Error(`no event was written: ${skips.join()}`);
  return change;
}

async function imported(overrides: Json, rule = 'placed-order', set: Json = {}): Promise<EventChange> {
  const payload = { order: order({ paymentInfo: undefined, ...overrides }) };
  const options = { rule, lookups: lookupsIn({}), settings: settings(set) };
  return eventIn(mappedOutput(await evaluateMessage(delivery('OrderImported', ref, payload), options)));
}
async function inRun(overrides: Json, rule: string): Promise<EventChange> {
  const options = { rule, lookups: lookupsIn({}), cause: run };
  return eventIn(mappedOutput(await evaluateRecords([order(overrides)], options)));
}

describe('the date of an order', () => {
  test('is completedAt of an import, for its time and its age', async () => {
    for (const rule of ['placed-order', 'ordered-product']) {
      const { time, backfill } = await imported({ completedAt: history }, rule);
      assert.deepEqual([time, backfill], [history, true], rule);
    }
  });

  test('is the same when the order is fetched and in a run', async () => {
    const lookups = lookupsIn({ orders: [order({ completedAt: history })] });
    const options = { rule: 'placed-order', lookups };
    const fetched = eventIn(mappedOutput(await evaluateMessage(withoutPayload('OrderImported', ref), options)));
    assert.deepEqual([fetched.time, fetched.backfill], [history, true]);
    assert.equal((await inRun({ completedAt: history }, 'placed-order')).time, history);
  });

  test('is createdAt where completedAt is missing, malformed or later', async () => {
    for (const completedAt of [undefined, 'yesterday', '', 5, '2026-03-14T10:00:00.001Z']) {
      const { time, backfill } = await imported({ completedAt });
      assert.deepEqual([time, backfill], [importedAt, false], String(completedAt));
    }
  });

  test('that Klaviyo rejects gives way to createdAt as the time, and the order stays history', async () => {
    const { time, backfill } = await imported({ completedAt: '1985-01-01T00:00:00.000Z' });
    assert.deepEqual([time, backfill], [importedAt, true]);
  });

  test('without a zone is in UTC', async () => {
    assert.equal((await imported({ completedAt: '2021-05-04T10:00:00' })).time, history);
  });
});

test('Fulfilled and Cancelled Order are never earlier than the order', async () => {
  const shippingInfo = { deliveries: [{ createdAt: '2020-01-01T00:00:00.000Z' }] };
  assert.equal((await inRun({ orderState: 'Complete', shippingInfo }, 'fulfilled-order')).time, importedAt);
  const dated = { orderState: 'Complete', shippingInfo, completedAt: history };
  assert.equal((await inRun(dated, 'fulfilled-order')).time, history);
  const cancelled = { orderState: 'Cancelled', lastModifiedAt: '2020-01-01T00:00:00.000Z' };
  assert.equal((await inRun(cancelled, 'cancelled-order')).time, importedAt);
  const state = delivery('OrderStateChanged', ref, { orderState: 'Complete', createdAt: '2026-03-14T09:00:00.000Z' });
  const options = { rule: 'fulfilled-order', lookups: lookupsIn({ orders: [order()] }) };
  assert.equal(eventIn(mappedOutput(await evaluateMessage(state, options))).time, importedAt);
});

describe('order.importsAreHistory', () => {
  const importsAreHistory = { order: { importsAreHistory: true } };

  test('keeps every import from triggering flows, and changes no other order', async () => {
    assert.equal((await imported({})).backfill, false);
    for (const rule of ['placed-order', 'ordered-product'])
      assert.equal((await imported({}, rule, importsAreHistory)).backfill, true);
    const options = { rule: 'placed-order', lookups: lookupsIn({}), settings: settings(importsAreHistory) };
    const created = await evaluateMessage(delivery('OrderCreated', ref, { order: order() }), options);
    assert.equal(eventIn(mappedOutput(created)).backfill, false);
  });
});
