/** OrderCustomerEmailSet: revenue counts once, on the profile that has the Placed Order. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { writeAsOther } from '../other-app.ts';
import { type Made, newCustomer, newOrder, type OrderShop, startOrderShop } from './order-fixture.ts';

let shop: OrderShop;
before(async () => {
  shop = await startOrderShop();
});
after(() => shop.stop());

const otherEmail = () => `right.${randomUUID()}@example.com`;

async function place(order: Made, on: OrderShop = shop): Promise<string> {
  await on.addRecords(order);
  assert.equal(await on.sendMessage('OrderCreated', order.ref, { order: order.record }), 204);
  return (await on.event('Placed Order', order.id)).profile.id;
}

/** Corrects the e-mail of a placed order. @returns the corrected order */
async function correct(order: Made, email: string | undefined, on: OrderShop = shop): Promise<Made> {
  const corrected = { ...order, email: email ?? '', record: { ...order.record, customerEmail: email } };
  await on.addRecords(corrected);
  const message = { email, oldEmail: order.email === '' ? undefined : order.email };
  assert.equal(await on.sendMessage('OrderCustomerEmailSet', order.ref, message), 204);
  return corrected;
}

/** Cancels the order in realtime, then syncs it. @returns the ids of the profiles that have its events */
async function cancelAndSync(order: Made, on: OrderShop = shop): Promise<string[]> {
  await on.addRecords({ ...order, record: { ...order.record, orderState: 'Cancelled' } });
  assert.equal(await on.sendMessage('OrderStateChanged', order.ref, { orderState: 'Cancelled' }), 204);
  const { counts } = await on.sync('orders', [order]);
  assert.deepEqual([counts.delivered, counts.rejected], [1, 0]);
  const events = await on.events({ unique_id: order.id });
  assert.deepEqual(events.map(({ metric }) => metric).toSorted(), ['Cancelled Order', 'Placed Order']);
  return [...new Set(events.map(({ profile }) => profile.id))];
}

const emailOf = async (id: string) => (await shop.profiles()).find((profile) => profile.id === id)?.email;

test('a new profile with this order only gets the new e-mail', async () => {
  const order = newOrder();
  const profile = await place(order);
  const email = otherEmail();
  const corrected = await correct(order, email);
  assert.equal(await emailOf(profile), email);
  assert.deepEqual(await cancelAndSync(corrected), [profile]);
});

describe('the first event stands, and later ones join it', () => {
  const subscribe = (email: string) =>
    writeAsOther(shop.testEnv.klaviyo.url, '/api/profile-subscription-bulk-create-jobs', {
      ...{
        type: 'profile-subscription-bulk-create-job',
        attributes: {
          profiles: {
            data: [
              {
                type: 'profile',
                attributes: { email, subscriptions: { email: { marketing: { consent: 'SUBSCRIBED' } } } },
              },
            ],
          },
        },
      },
    });
  const addToList = (email: string) =>
    writeAsOther(shop.testEnv.klaviyo.url, '/api/profile-bulk-import-jobs', {
      ...{
        type: 'profile-bulk-import-job',
        attributes: { profiles: { data: [{ type: 'profile', attributes: { email } }] } },
        relationships: { lists: { data: [{ type: 'list', id: 'L1' }] } },
      },
    });
  const until = async (isDone: () => Promise<boolean>) => {
    while (!(await isDone())) await new Promise((resolve) => setTimeout(resolve, 10));
  };

  const reasons: Record<string, [RegExp, (order: Made, newEmail: string) => Promise<unknown>]> = {
    'another profile has the new e-mail': [/another profile has the new/, (_, email) => shop.known({ email })],
    'a customer has the former e-mail': [
      /a customer has the former/,
      ({ email }) => shop.addRecords(newCustomer({ email })),
    ],
    'another order has the former e-mail': [
      /another order has the former/,
      ({ email }) => shop.addRecords(newOrder({ customerEmail: email })),
    ],
    'the profile has an id': [/belongs to a customer/, ({ email }) => shop.known({ email, external_id: randomUUID() })],
    'the profile has a phone': [/has a phone/, ({ email }) => shop.known({ email, phone_number: '+4915112340000' })],
    'the profile has a consent': [
      /has a consent/,
      async ({ email }) => {
        await subscribe(email);
        await until(async () => JSON.stringify(await shop.testEnv.profiles()).includes('SUBSCRIBED'));
      },
    ],
    'the profile is on a list': [
      /is on a list/,
      async ({ email }) => {
        await addToList(email);
        await new Promise((resolve) => setTimeout(resolve, 200));
      },
    ],
    'the profile has another order': [
      /other/,
      async ({ email }) => void (await place(newOrder({ customerEmail: email }))),
    ],
  };

  for (const [name, [reason, prepare]] of Object.entries(reasons))
    test(name, async () => {
      const order = newOrder();
      const profile = await place(order);
      const email = otherEmail();
      await prepare(order, email);
      const corrected = await correct(order, email);
      assert.equal(await emailOf(profile), order.email);
      assert.match(shop.warnings(order).join(), reason);
      assert.deepEqual(await cancelAndSync(corrected), [profile]);
    });

  test('the profile is older than the order', async () => {
    const order = newOrder();
    const profile = await place(order);
    const inAnHour = new Date(Date.now() + 3_600_000).toISOString();
    const corrected = await correct({ ...order, record: { ...order.record, createdAt: inAnHour } }, otherEmail());
    assert.equal(await emailOf(profile), order.email);
    assert.match(shop.warnings(order).join(), /older than the order/);
    const { createdAt } = order.record;
    assert.deepEqual(await cancelAndSync({ ...corrected, record: { ...corrected.record, createdAt } }), [profile]);
  });

  test('order.emailCorrection: off', async () => {
    await using own = await startOrderShop({ settings: { order: { emailCorrection: 'off' } } });
    const order = newOrder();
    const profile = await place(order, own);
    const corrected = await correct(order, otherEmail(), own);
    assert.equal((await own.profiles()).length, 1);
    assert.deepEqual(await cancelAndSync(corrected, own), [profile]);
  });
});

test('an order that gets its first e-mail is placed now, with its own date', async () => {
  const order = newOrder({ customerEmail: undefined });
  await shop.addRecords(order);
  assert.equal(await shop.sendMessage('OrderCreated', order.ref, { order: order.record }), 204);
  await correct(order, otherEmail());
  const { time } = await shop.event('Placed Order', order.id);
  assert.equal(Date.parse(time), Date.parse(String(order.record.createdAt)));
});

test('an order of a customer: nothing but its OrderEmail changes', async () => {
  const customer = newCustomer();
  await shop.addRecords(customer);
  const order = newOrder({ customerId: customer.id, customerEmail: customer.email });
  const profile = await place(order);
  const email = otherEmail();
  const corrected = await correct(order, email);
  assert.deepEqual(await cancelAndSync(corrected), [profile]);
  assert.equal((await shop.event('Cancelled Order', order.id)).properties.OrderEmail, email);
});

test('the message without its payload: nothing is sent', async () => {
  const order = newOrder();
  await place(order);
  await shop.addRecords({ ...order, record: { ...order.record, customerEmail: otherEmail() } });
  assert.equal(await shop.sendWithoutPayload('OrderCustomerEmailSet', order.ref), 204);
  assert.equal((await shop.events({ unique_id: order.id })).length, 1);
});

test('another process knows the profile of a corrected order', async () => {
  const order = newOrder();
  const profile = await place(order);
  const email = otherEmail();
  await shop.known({ email });
  await correct(order, email);
  const stored = shop.testEnv.shop.records;
  assert.match(JSON.stringify([...stored.all('key-value-document')]), new RegExp(profile));
});
