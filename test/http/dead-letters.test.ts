/** /dead-letters: what could not be delivered, shown, sent again and discarded by whoever runs the service. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { deadLetterSchema } from '../../src/engine/delivery/dead-letters.ts';
import { delivery, type Json, lineItem } from '../fixtures/index.ts';
import { type Made, newCustomer, newOrder, type OrderShop, startOrderShop } from '../mapping/order-fixture.ts';
import { call, post, type Said } from './call.ts';

let shop: OrderShop;
before(async () => {
  shop = await startOrderShop();
});
after(() => shop.stop());

const listed = z.object({ letters: z.array(deadLetterSchema), next: z.string().optional() });

async function list(query = '', at = shop) {
  const answer = await call(at.testEnv.service, { path: `/dead-letters${query}` });
  assert.equal(answer.status, 200, answer.error);
  return listed.parse(answer.json);
}

const act = (path: string, body: unknown = {}, at = shop): Promise<Said> =>
  post(at.testEnv.service, `/dead-letters${path}`, body);

/** What Klaviyo refuses: an e-mail that is none. */
const invalidOrder = (): Made => newOrder({ customerEmail: 'nobody', customerId: undefined });
const sendOrder = ({ ref, record }: Made, at = shop) => at.sendMessage('OrderCreated', ref, { order: record });
const corrected = (order: Made): Made => ({
  ...order,
  record: { ...order.record, customerEmail: `${order.id}@example.com` },
});

async function letterOf(order: Made, rule = 'placed-order') {
  const { letters } = await list(`?rule=${rule}&limit=500`);
  const found = letters.find(({ record }) => record?.id === order.id);
  assert.ok(found, `no dead letter of ${rule} for ${order.id}`);
  return found;
}

test('a dead letter has record, rule, field, reason, times and count, and no personal data', async () => {
  const order = invalidOrder();
  assert.equal(await sendOrder(order), 202);
  const letter = await letterOf(order);
  assert.deepEqual(
    [letter.record?.typeId, letter.code, letter.count, letter.replayable],
    ['order', 'invalid', 1, true],
  );
  assert.match(letter.field ?? '', /email/);
  assert.deepEqual(letter.cause?.type === 'message' && letter.cause.messageType, 'OrderCreated');
  const one = await call(shop.testEnv.service, { path: `/dead-letters/${letter.id}` });
  assert.deepEqual(one.json, letter);
  assert.doesNotMatch(JSON.stringify(letter), /nobody|Torstra|Keller/);
});

test('the same record, rule and code increase the count of one dead letter', async () => {
  const order = invalidOrder();
  for (let time = 0; time < 3; time += 1) assert.equal(await sendOrder(order), 202);
  assert.equal((await letterOf(order)).count, 3);
});

test('paged; by rule, code and resource, which must all fit', async () => {
  await using own = await startOrderShop();
  const orders = [invalidOrder(), invalidOrder(), invalidOrder()];
  for (const order of orders) assert.equal(await sendOrder(order, own), 202);
  const ids: string[] = [];
  for (let after: string | undefined = ''; after !== undefined; ) {
    const page = await list(`?limit=2${after === '' ? '' : `&after=${after}`}`, own);
    assert.ok(page.letters.length <= 2);
    ids.push(...page.letters.map(({ id }) => id));
    after = page.next;
  }
  assert.equal(new Set(ids).size, 6);
  assert.equal(ids.length, 6);
  const count = async (query: string) => (await list(query, own)).letters.length;
  assert.deepEqual(
    [
      await count('?rule=ordered-product'),
      await count('?rule=ordered-product&code=invalid&resource=order'),
      await count('?resource=customer'),
      await count('?code=duplicate_profile'),
    ],
    [3, 3, 0, 0],
  );
});

describe('replay', () => {
  test('a record that is still invalid: 202, the dead letter stays and its count increases', async () => {
    const order = invalidOrder();
    await shop.addRecords(order);
    assert.equal(await sendOrder(order), 202);
    const { id } = await letterOf(order);
    const answer = await act(`/${id}/replay`);
    assert.deepEqual([answer.status, answer.json], [202, { outcome: 'rejected', reason: 'invalid' }]);
    assert.equal((await letterOf(order)).count, 2);
  });

  test('a corrected record: 200, the event is delivered and the dead letter deleted', async () => {
    const order = invalidOrder();
    assert.equal(await sendOrder(order), 202);
    const { id } = await letterOf(order);
    await shop.addRecords(corrected(order));
    const answer = await act(`/${id}/replay`);
    assert.deepEqual([answer.status, answer.json], [200, { outcome: 'delivered' }]);
    const { profile, backfill } = await shop.event('Placed Order', order.id);
    assert.deepEqual([profile.email, backfill], [`${order.id}@example.com`, false]);
    assert.equal((await call(shop.testEnv.service, { path: `/dead-letters/${id}` })).status, 404);
    assert.equal((await shop.events({ metric: 'Ordered Product', profile: `${order.id}@example.com` })).length, 0);
  });

  test('a rejection with another code replaces the dead letter', async () => {
    const customer = newCustomer({ email: 'double..dot@example.com' });
    await shop.addRecords(customer);
    assert.equal(await shop.sendMessage('CustomerCreated', customer.ref), 202);
    const { id } = await letterOf(customer, 'profile');
    const error = { id: '1', status: 400, code: 'blocked', title: 'blocked', detail: 'blocked', source: {} };
    const headers = { 'content-type': 'application/vnd.api+json' };
    shop.testEnv.klaviyo.faults.add({
      kind: 'status',
      status: 400,
      body: { errors: [error] },
      headers,
      path: '/api/profile',
    });
    const answer = await act(`/${id}/replay`);
    shop.testEnv.klaviyo.faults.clear();
    assert.deepEqual(answer.json, { outcome: 'rejected', reason: 'blocked' });
    const { letters } = await list('?rule=profile&limit=500');
    assert.deepEqual(
      letters.flatMap(({ record, code }) => (record?.id === customer.id ? [code] : [])),
      ['blocked'],
    );
  });

  test('two parcels of an order: each has a letter, and both are sent', async () => {
    await using own = await startOrderShop();
    const parcel = (id: string): Json => ({
      ...{ id, createdAt: '2026-03-15T09:30:00.000Z' },
      trackingData: { trackingId: `T-${id}`, carrier: 'DHL' },
    });
    const parcels = [parcel('parcel-1'), parcel('parcel-2')];
    const items = [{ id: 'line-a', quantity: 2 }];
    const deliveries = [{ id: 'delivery-1', createdAt: '2026-03-15T09:00:00.000Z', items, parcels }];
    const lineItems = [lineItem({ id: 'line-a', quantity: 2 })];
    const shippingInfo = { shippingMethodName: 'Standard', deliveries };
    const order = newOrder({ customerEmail: 'nobody', customerId: undefined, lineItems, shippingInfo });
    await own.addRecords(order);
    for (const { id, trackingData } of [...parcels, ...parcels]) {
      const payload = { deliveryId: 'delivery-1', parcelId: id, trackingData };
      assert.equal(await own.sendMessage('ParcelTrackingDataUpdated', order.ref, payload), 202);
    }
    const { letters } = await list('?rule=shipment', own);
    assert.deepEqual(
      letters.map(({ count }) => count),
      [2, 2],
    );
    await own.addRecords(corrected(order));
    const answer = await act('/replay', { rule: 'shipment' }, own);
    assert.deepEqual(answer.json, { delivered: 2, skipped: 0, rejected: 0, notReplayable: 0 });
    for (const { id } of parcels) await own.event('Confirmed Shipment', `${order.id}:${id}`);
    assert.deepEqual((await list('?rule=shipment', own)).letters, []);
  });

  /** Klaviyo answers the first event late. @returns when it has received it */
  async function untilReplaying(own: OrderShop): Promise<void> {
    const { faults } = own.testEnv.klaviyo;
    while (faults.list().every(({ struck }) => struck === 0)) await sleep(10);
  }
  const late = { kind: 'delay', ms: 2_000, path: '/api/event', times: 1 } as const;

  test('a letter that is renewed while it is replayed stays', async () => {
    await using own = await startOrderShop();
    const order = invalidOrder();
    assert.equal(await sendOrder(order, own), 202);
    await own.addRecords(corrected(order));
    const [letter] = (await list('?rule=placed-order', own)).letters;
    own.testEnv.klaviyo.faults.add(late);
    const replayed = act(`/${letter?.id}/replay`, {}, own);
    await untilReplaying(own);
    assert.equal(await sendOrder(order, own), 202);
    assert.deepEqual((await replayed).json, { outcome: 'delivered' });
    const [renewed] = (await list('?rule=placed-order', own)).letters;
    assert.deepEqual([renewed?.id, renewed?.count], [letter?.id, 2]);
  });

  test('a letter that is discarded while others are replayed is not sent', async () => {
    await using own = await startOrderShop();
    const orders = [invalidOrder(), invalidOrder()];
    for (const order of orders) assert.equal(await sendOrder(order, own), 202);
    for (const order of orders) await own.addRecords(corrected(order));
    const [first, second] = (await list('?rule=placed-order', own)).letters;
    own.testEnv.klaviyo.faults.add(late);
    const replayed = act('/replay', { rule: 'placed-order' }, own);
    await untilReplaying(own);
    assert.equal((await act(`/${second?.id}/discard`, {}, own)).status, 200);
    assert.deepEqual((await replayed).json, { delivered: 1, skipped: 0, rejected: 0, notReplayable: 0 });
    const sent = await own.events({ metric: 'Placed Order' });
    assert.deepEqual(
      sent.map(({ unique_id }) => unique_id),
      [first?.record?.id],
    );
  });

  test('a deleted record: 200, skipped, and the dead letter is deleted', async () => {
    const order = invalidOrder();
    assert.equal(await sendOrder(order), 202);
    const { id } = await letterOf(order);
    const answer = await act(`/${id}/replay`);
    assert.equal(answer.status, 200);
    assert.match(JSON.stringify(answer.json), /"outcome":"skipped"/);
    assert.equal((await act(`/${id}/replay`)).status, 404);
  });

  test('Klaviyo away: 503, and the letter stays', async () => {
    await using own = await startOrderShop({ settings: { klaviyo: { retries: 0 } } });
    const order = invalidOrder();
    assert.equal(await sendOrder(order, own), 202);
    await own.addRecords(corrected(order));
    own.testEnv.klaviyo.faults.add({ kind: 'status', status: 503, body: '<html>', path: '/api/event' });
    const [letter] = (await list('?rule=placed-order', own)).letters;
    const answer = await act(`/${letter?.id}/replay`, {}, own);
    own.testEnv.klaviyo.faults.clear();
    assert.equal(answer.status, 503);
    assert.equal((await list('?rule=placed-order', own)).letters.length, 1);
  });

  test('replay by filter: corrected records are delivered once, the others stay', async () => {
    await using own = await startOrderShop();
    const orders = [invalidOrder(), invalidOrder(), invalidOrder()];
    for (const order of orders) assert.equal(await sendOrder(order, own), 202);
    const [first, second, third] = orders;
    assert.ok(first && second && third);
    await own.addRecords(corrected(first), corrected(second), third);
    const answer = await act('/replay', { all: true }, own);
    assert.deepEqual([answer.status, answer.json], [200, { delivered: 4, skipped: 0, rejected: 2, notReplayable: 0 }]);
    assert.equal((await own.events({ metric: 'Placed Order' })).length, 2);
    const left = (await list('', own)).letters.map(({ record }) => record?.id);
    assert.deepEqual(left, [third.id, third.id]);
  });
});

test('an unreadable message in a valid envelope is stored without its body and can only be discarded', async () => {
  const data = Buffer.from('{"notificationType":"Message","secret":').toString('base64');
  const pushed = await post(shop.testEnv.service, '/', { message: { data, messageId: 'b-1' }, subscription: 's' });
  assert.equal(pushed.status, 202);
  const { letters } = await list('?code=unreadable&limit=500');
  const [letter] = letters;
  assert.ok(letter);
  assert.deepEqual([letter.record, letter.replayable], [undefined, false]);
  assert.doesNotMatch(JSON.stringify(letter), /secret/);
  const answer = await act(`/${letter.id}/replay`);
  assert.equal(answer.status, 409);
  const gone = await act(`/${letter.id}/discard`);
  assert.deepEqual([gone.status, gone.json], [200, { discarded: 1 }]);
  assert.equal((await list('?code=unreadable')).letters.length, 0);
});

test('discard by filter deletes matching dead letters only; an empty filter is rejected', async () => {
  await using own = await startOrderShop();
  assert.equal(await sendOrder(invalidOrder(), own), 202);
  assert.match((await act('/discard', {}, own)).error, /all/);
  const some = await act('/discard', { rule: 'ordered-product' }, own);
  assert.deepEqual([some.status, some.json], [200, { discarded: 1 }]);
  assert.deepEqual(
    (await list('', own)).letters.map(({ rule }) => rule),
    ['placed-order'],
  );
  assert.deepEqual((await act('/discard', { all: true }, own)).json, { discarded: 1 });
  assert.equal((await list('', own)).letters.length, 0);
});

test('an unknown id: 404, whatever its form', async () => {
  for (const id of ['nothing', '0'.repeat(40), '%2e%2e', 'a b']) {
    for (const [method, path] of [
      ['GET', id],
      ['POST', `${id}/replay`],
      ['POST', `${id}/discard`],
    ] as const) {
      const answer = await call(shop.testEnv.service, { method, path: `/dead-letters/${encodeURI(path)}` });
      assert.equal(answer.status, 404);
    }
  }
});

test('at deadLetters.max further rejections are answered 503 until some are discarded', async () => {
  await using own = await startOrderShop({ settings: { deadLetters: { max: 2 } } });
  const stored = invalidOrder();
  assert.equal(await sendOrder(stored, own), 202);
  const rejected = await post(own.testEnv.service, '/', delivered(invalidOrder()));
  assert.equal(rejected.status, 503);
  assert.match(rejected.error, /deadLetters\.max/);
  assert.equal(await sendOrder(stored, own), 202, 'one that is kept already needs no more room');
  const fine = newOrder();
  assert.equal(await sendOrder(fine, own), 204, 'what Klaviyo takes is not held up');
  await act('/discard', { all: true }, own);
  assert.equal(await sendOrder(invalidOrder(), own), 202);
});

function delivered({ ref, record }: Made) {
  return delivery('OrderCreated', ref, { order: record });
}
