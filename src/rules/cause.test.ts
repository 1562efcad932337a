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

const about = reference('order', id('0a'));
const common = { type: 'message', createdAt: '2026-03-15T08:00:00.000Z', resourceVersion: 4 };

test('what a message says of an order is kept by reference', () => {
  const own = { customer: reference('customer', id('c1')), oldCustomer: reference('customer', id('c2')) };
  assert.deepEqual(causeOf(message(delivery('OrderCustomerSet', about, own))), {
    ...{ ...common, messageId: id('aaa1'), messageType: 'OrderCustomerSet', embedded: false },
    ...{ resource: about, notificationType: 'Message' },
    ...{ customerId: id('c1'), oldCustomerId: id('c2') },
  });
});

test('a carried record is noted, and nothing of it is kept', () => {
  const body = delivery('CustomerCreated', reference('customer', id('c1')), { customer: customer() });
  const cause = causeOf(message(body));
  assert.equal(cause.type === 'message' && cause.embedded, true);
  assert.doesNotMatch(JSON.stringify(cause), /Keller|example\.com/);
});

test('a message without its payload says so; a change never has one', () => {
  const lost = causeOf(message(withoutPayload('OrderCustomerSet', about)));
  assert.equal(lost.type === 'message' && lost.payloadOmitted, true);
  const change = causeOf(message(changeDelivery('ResourceUpdated', about)));
  assert.equal('payloadOmitted' in change, false);
});

test('the sku and channel of an inventory entry are known even when it is deleted', () => {
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

test('the cause behind any number of replays is found', () => {
  const original = { type: 'run', runId: 'r', backfill: true } as const;
  assert.deepEqual(originOf({ type: 'replay', original: { type: 'replay', original } }), original);
});
