/** address.mobile or address.phone → phone_number: whatever it is, the customer arrives. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Json } from '../fixtures/index.ts';
import { newAddress, newCustomer, type OrderShop, startOrderShop } from './order-fixture.ts';

let shop: OrderShop;
before(async () => {
  shop = await startOrderShop();
});
after(() => shop.stop());

const ways = {
  realtime: async (customer: ReturnType<typeof newCustomer>) => {
    await shop.addRecords(customer);
    assert.equal(await shop.sendChange('ResourceUpdated', customer.ref), 204);
  },
  bulk: async (customer: ReturnType<typeof newCustomer>) => {
    await shop.addRecords(customer);
    const { counts } = await shop.sync('customers', [customer]);
    assert.deepEqual([counts.delivered, counts.rejected], [1, 0]);
  },
};

for (const [way, arrive] of Object.entries(ways)) {
  const numbered = way === 'realtime' ? '1' : '2';
  const arriving = async (phones: Json) => {
    const customer = newCustomer({ addresses: [newAddress({ id: 'adrBill1', ...phones })] });
    await arrive(customer);
    return { customer, seen: await shop.profile(customer.id) };
  };

  describe(`the phone number in ${way}`, () => {
    test('a local mobile number becomes international, with the country of the address', async () => {
      const { seen } = await arriving({ mobile: `0664 123456${numbered}`, country: 'AT' });
      assert.equal(seen.phone_number, `+43664123456${numbered}`);
    });

    test('address.mobile wins over address.phone', async () => {
      const { seen } = await arriving({ mobile: `0151 1111111${numbered}`, phone: '030 1234567' });
      assert.equal(seen.phone_number, `+491511111111${numbered}`);
    });

    test('without a mobile number address.phone counts', async () => {
      const { seen } = await arriving({ mobile: '', phone: `030 123456${numbered}` });
      assert.equal(seen.phone_number, `+4930123456${numbered}`);
    });

    test('an international number stays as it is, whatever the country', async () => {
      const { seen } = await arriving({ mobile: `+44 7400 12345${numbered}`, country: 'DE' });
      assert.equal(seen.phone_number, `+44740012345${numbered}`);
    });

    test('not valid: left out, with a warning', async () => {
      const { seen, customer } = await arriving({ mobile: 'call me' });
      assert.equal(seen.phone_number, undefined);
      assert.equal(seen.first_name, 'Mia');
      assert.deepEqual(shop.warnings(customer), ['the phone of the address is no valid number and was left out']);
    });

    test('held by another profile (a family with one phone): the customer arrives without it, with a warning', async () => {
      const mobile = `0151 2222222${numbered}`;
      const first = await arriving({ mobile });
      const second = await arriving({ mobile });
      assert.equal(first.seen.phone_number, `+491512222222${numbered}`);
      assert.deepEqual([second.seen.phone_number, second.seen.first_name], [undefined, 'Mia']);
      assert.match(shop.warnings(second.customer).join(), /phone_number left out/);
    });
  });
}

test('a number that is not valid costs Klaviyo no request', async () => {
  const customer = newCustomer({ addresses: [newAddress({ mobile: '12' })] });
  const before = shop.testEnv.klaviyo.state().requests;
  await ways.realtime(customer);
  assert.equal(shop.testEnv.klaviyo.state().requests - before, 1);
});

test('a number that Klaviyo refuses is left out, with a warning', async () => {
  const customer = newCustomer();
  const pointer = '/data/attributes/phone_number';
  const refused = { id: '1', status: 400, code: 'invalid', title: 'Invalid input.', detail: 'no', source: { pointer } };
  const body = { errors: [refused] };
  shop.testEnv.klaviyo.faults.add({ kind: 'status', status: 400, body, path: '/api/profile-import', times: 1 });
  await ways.realtime(customer);
  const seen = await shop.profile(customer.id);
  assert.deepEqual([seen.phone_number, seen.first_name], [undefined, 'Mia']);
  assert.match(shop.warnings(customer).join(), /phone_number left out/);
});

test('no line of the log holds an e-mail or a phone number', () => {
  const personal = shop.testEnv.logged.filter((line) =>
    /@example\.com|(?<!\d)(49|43|44)\d{9,11}(?!\d)/.test(withoutIds(line)),
  );
  assert.deepEqual(personal, []);
});

test('removing ids from a line leaves every phone number in it', () => {
  const uuid = 'c0ffee00-aaaa-4bbb-8ccc-491512345678';
  assert.equal(withoutIds(`{"id":"${uuid}","key":"${'4a491512345678'.padEnd(32, 'b')}"}`), '{"id":"","key":""}');
  for (const line of ['"+491512345678"', '"491512345678"', '-491512345678', `${uuid}491512345678`])
    assert.match(withoutIds(line), /491512345678/);
});

/** Random ids (UUIDs, and digests of 32 or 40 hex digits) may hold digits that look like a phone number. */
function withoutIds(line: string): string {
  return line.replace(/\b([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32}|[0-9a-f]{40})\b/g, '');
}
