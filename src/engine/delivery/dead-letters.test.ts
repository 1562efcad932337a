/** Tests which dead letters are one, also beside those of an earlier version, and that a renewed one is not discarded. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import type { Cause, MessageCause } from '../../rules/types.ts';
import { createMemoryStore } from '../../store/memory.ts';
import { storedFormat } from '../../store/store.ts';
import { createDeadLetters, type DeadLetterDraft, discardAbout } from './dead-letters.ts';

const record = { typeId: 'order', id: 'o1' };

function start() {
  const store = createMemoryStore();
  const options = { max: 100, now: () => new Date(0), onForbidden: () => undefined };
  const deadLetters = createDeadLetters(store, options);
  const listed = async () =>
    (await Array.fromAsync(deadLetters.list())).map(({ cause, count }) => ({
      messageId: cause?.type === 'message' ? cause.messageId : cause?.type,
      count,
    }));
  return { store, deadLetters, listed };
}

function draft(cause: Cause, more: Partial<DeadLetterDraft> = {}): DeadLetterDraft {
  return { record, rule: 'shipment', code: 'invalid', detail: '', cause, ...more };
}

function causeOf(
  messageId: string,
  own: Partial<MessageCause> = {},
  messageType = 'ParcelTrackingDataUpdated',
): MessageCause {
  const createdAt = '2026-03-15T08:00:00.000Z';
  const message = {
    type: 'message',
    notificationType: 'Message',
    resource: record,
    createdAt,
    embedded: false,
  } as const;
  return { ...message, messageId, messageType, ...own };
}

async function count(drafts: readonly DeadLetterDraft[]): Promise<number> {
  const { deadLetters, listed } = start();
  for (const one of drafts) assert.equal(await deadLetters.store(one), 'stored');
  return (await listed()).length;
}

test('each part of a record that a cause can name has a letter of its own', async () => {
  const parts: Partial<MessageCause>[] = [
    { deliveryId: 'd1' },
    { deliveryId: 'd2' },
    { deliveryId: 'd1', parcelId: 'p1' },
    { deliveryId: 'd1', parcelId: 'p2' },
    { stateId: 's1' },
    { stateId: 's1', lineId: 'l1' },
    { stateId: 's1', lineId: 'l2' },
    { returnItemIds: ['r1'] },
    { returnItemIds: ['r1', 'r2'] },
    { removedField: 'size' },
    { removedField: 'colour' },
    { previousTypeId: 't1' },
    {},
  ];
  assert.equal(await count(parts.map((part) => draft(causeOf('m', part)))), parts.length);
});

test('messages about the same part are one letter, whatever else they say', async () => {
  const { deadLetters, listed } = start();
  const own = { deliveryId: 'd1', parcelId: 'p1' };
  for (const [messageId, more] of [
    ['m1', {}],
    ['m2', { resourceVersion: 7, createdAt: '2026-03-16T09:00:00.000Z', shipmentState: 'Shipped' }],
  ] as const)
    await deadLetters.store(draft(causeOf(messageId, { ...own, ...more })));
  assert.deepEqual(await listed(), [{ messageId: 'm2', count: 2 }]);
});

test('each message of a transition is a letter, because its event may repeat; its redelivery is not', async () => {
  const cause = (messageId: string) => causeOf(messageId, { stateId: 's1' }, 'OrderStateTransition');
  assert.equal(await count(['m1', 'm2', 'm1'].map((messageId) => draft(cause(messageId)))), 2);
});

test('a letter about all rules keeps what decides which of them send something', async () => {
  const drafts = [
    draft(causeOf('m1', { orderState: 'Confirmed' }, 'OrderStateChanged'), { rule: '' }),
    draft(causeOf('m2', { orderState: 'Cancelled' }, 'OrderStateChanged'), { rule: '' }),
    draft(causeOf('m3', {}, 'OrderCreated'), { rule: '' }),
    draft(causeOf('m4', {}, 'OrderCreated'), { rule: '' }),
  ];
  assert.equal(await count(drafts), 3);
});

test('a replay and a run of the whole record renew the letter that they come from', async () => {
  const { deadLetters, listed } = start();
  const original = causeOf('m1', { parcelId: 'p1' });
  await deadLetters.store(draft(original));
  await deadLetters.store(draft({ type: 'replay', original }));
  const run: Cause = { type: 'run', runId: 'r1', backfill: true };
  await deadLetters.store(draft(run));
  await deadLetters.store(draft({ ...run, runId: 'r2' }));
  assert.deepEqual(
    new Set(await listed()),
    new Set([
      { messageId: 'm1', count: 2 },
      { messageId: 'run', count: 2 },
    ]),
  );
});

/** As an earlier version stored it: its id does not depend on the cause. */
async function leave({ store }: ReturnType<typeof start>, cause: Cause): Promise<string> {
  const identity = JSON.stringify([record.typeId, record.id, 'shipment', 'invalid', undefined]);
  const key = createHash('sha256').update(identity).digest('hex').slice(0, 40);
  const times = { firstAt: '2026-03-01T00:00:00.000Z', lastAt: '2026-03-01T00:00:00.000Z', count: 4 };
  const value = { format: storedFormat, ...draft(cause), replayable: true, ...times };
  await store.put({ container: 'ctk-dead-letters', key }, value);
  return key;
}

test('a letter of an earlier version is renewed by the same part only, and can be discarded', async () => {
  const world = start();
  const { deadLetters, listed } = world;
  const id = await leave(world, causeOf('m1', { parcelId: 'p1' }));
  assert.equal((await deadLetters.get(id))?.count, 4);
  await deadLetters.store(draft(causeOf('m2', { parcelId: 'p2' })));
  await deadLetters.store(draft({ type: 'run', runId: 'r1', backfill: true }));
  await deadLetters.store(draft(causeOf('m3', { parcelId: 'p1' })));
  const letters = new Set([
    { messageId: 'm2', count: 1 },
    { messageId: 'run', count: 1 },
    { messageId: 'm3', count: 5 },
  ]);
  assert.deepEqual(new Set(await listed()), letters);
  await deadLetters.discard(id);
  assert.equal(await deadLetters.get(id), undefined);
  assert.equal((await listed()).length, 2);
});

test('a letter that was renewed since it was read is kept', async () => {
  const { deadLetters, listed } = start();
  await deadLetters.store(draft(causeOf('m1')));
  const [{ id = '' } = {}] = await Array.fromAsync(deadLetters.list());
  const read = await deadLetters.read(id);
  await deadLetters.store(draft(causeOf('m2')));
  await deadLetters.discard(id, read?.version);
  assert.deepEqual(await listed(), [{ messageId: 'm2', count: 2 }]);
  await deadLetters.discard(id, (await deadLetters.read(id))?.version);
  assert.deepEqual(await listed(), []);
});

test('an erasure discards the letters about its customer, but none that replays the erasure', async () => {
  const { deadLetters } = start();
  const customer = { typeId: 'customer', id: 'c1' };
  const erasure = causeOf('m1', { resource: customer, dataErasure: true }, 'ResourceDeleted');
  const ofOrder = causeOf('m2', { customerId: 'c1' }, 'OrderCustomerSet');
  for (const one of [
    draft(erasure, { record: customer, rule: 'erase-profile' }),
    draft(erasure, { record: customer, rule: '' }),
    draft(causeOf('m3', { resource: customer }, 'CustomerCreated'), { record: customer, rule: '' }),
    draft(causeOf('m4', { resource: customer }, 'CustomerCreated'), { record: customer, rule: 'profile' }),
    draft(ofOrder, { rule: 'placed-order' }),
    draft(causeOf('m5', { customerId: 'c2' }, 'OrderCustomerSet'), { rule: 'ordered-product' }),
  ])
    await deadLetters.store(one);
  await discardAbout(deadLetters, { customerId: 'c1', erasureRule: 'erase-profile' });
  const left = (await Array.fromAsync(deadLetters.list())).map(({ rule }) => rule);
  assert.deepEqual(left.toSorted(), ['', 'erase-profile', 'ordered-product']);
});
