import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  changeDelivery,
  customer,
  delivery,
  id,
  inventoryEntry,
  message,
  reference,
  withoutPayload,
} from '../../test/fixtures/index.ts';
import { causeOf } from './cause.ts';
import { originOf } from './types.ts';

const ref = reference('order', id('0a'));
const common = { type: 'message', createdAt: '2026-03-15T08:00:00.000Z', resourceVersion: 4 };

test('the cause contains references of the message', () => {
  const own = { customer: reference('customer', id('c1')), oldCustomer: reference('customer', id('c2')) };
  assert.deepEqual(causeOf(message(delivery('OrderCustomerSet', ref, own))), {
    ...{ ...common, messageId: id('aaa1'), messageType: 'OrderCustomerSet', embedded: false },
    ...{ resource: ref, notificationType: 'Message' },
    ...{ customerId: id('c1'), oldCustomerId: id('c2') },
  });
});

test('the cause says that a record was embedded and contains none of its data', () => {
  const body = delivery('CustomerCreated', reference('customer', id('c1')), { customer: customer() });
  const cause = causeOf(message(body));
  assert.equal(cause.type === 'message' && cause.embedded, true);
  assert.doesNotMatch(JSON.stringify(cause), /Keller|example\.com/);
});

test('the cause says that a payload was omitted; a change never has one', () => {
  const lost = causeOf(message(withoutPayload('OrderCustomerSet', ref)));
  assert.equal(lost.type === 'message' && lost.payloadOmitted, true);
  const change = causeOf(message(changeDelivery('ResourceUpdated', ref)));
  assert.equal('payloadOmitted' in change, false);
});

test('the cause contains sku and channel of a deleted inventory entry', () => {
  const entry = reference('inventory-entry', id('e1'));
  const channel = { supplyChannel: reference('channel', 'berlin') };
  for (const [type, own] of [
    ['InventoryEntryDeleted', { sku: 'JEANS-S', ...channel }],
    ['InventoryEntryCreated', { inventoryEntry: inventoryEntry(channel) }],
  ] as const) {
    const cause = causeOf(message(delivery(type, entry, own)));
    assert.deepEqual(cause.type === 'message' && [cause.sku, cause.channelId], ['JEANS-S', 'berlin']);
  }
});

test('the original cause is found behind any number of replays', () => {
  const original = { type: 'run', runId: 'r', backfill: true } as const;
  assert.deepEqual(originOf({ type: 'replay', original: { type: 'replay', original } }), original);
});
