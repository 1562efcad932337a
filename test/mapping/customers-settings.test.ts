/** What a merchant may tune about customers, seen on the profile. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Json } from '../fixtures/index.ts';
import { type Made, newCustomer, type OrderShop, type SeenProfile, startOrderShop } from './order-fixture.ts';

type Settings = { customer?: Json; disabledEvents?: string[] };

/** Each test gets a world of its own settings; both realtime and bulk are tested. */
async function seenWith(settings: Settings, ...customers: Made[]): Promise<Record<string, SeenProfile>> {
  const seen: Record<string, SeenProfile> = {};
  for (const way of ['realtime', 'bulk']) {
    await using shop = await startOrderShop({ settings });
    for (const customer of customers) {
      await shop.addRecords(customer);
      if (way === 'realtime') assert.equal(await shop.sendChange('ResourceUpdated', customer.ref), 204);
      else assert.equal((await shop.sync('customers', [customer])).counts.delivered, 1);
      seen[way] = await shop.profile(customer.email);
    }
  }
  return seen;
}

const custom = (fields: Json) => ({ custom: { type: { typeId: 'type', id: 'x' }, fields } });
const fields = { tier: 'gold', points: 0, vip: false, note: '', none: null, size: 'M' };

async function propertiesWith(filter: Json): Promise<Json> {
  const customer = newCustomer(custom(fields));
  const { realtime, bulk } = await seenWith({ customer: { customFields: { properties: filter } } }, customer);
  assert.deepEqual(realtime?.properties, bulk?.properties);
  return realtime?.properties ?? {};
}

describe('customer.customFields.properties', () => {
  test('empty include: all; absent, null and empty text are left out, false and 0 are values', async () => {
    assert.deepEqual(await propertiesWith({}), { tier: 'gold', points: 0, vip: false, size: 'M' });
  });

  test('include: only these', async () => {
    assert.deepEqual(await propertiesWith({ include: ['tier', 'vip'] }), { tier: 'gold', vip: false });
  });

  test('exclude removes and wins over include', async () => {
    const filter = { include: ['tier', 'size'], exclude: ['size'] };
    assert.deepEqual(await propertiesWith(filter), { tier: 'gold' });
  });

  test('map renames: the old name is not sent', async () => {
    const filter = { include: ['tier', 'points'], map: { tier: 'Loyalty' } };
    assert.deepEqual(await propertiesWith(filter), { Loyalty: 'gold', points: 0 });
  });
});

describe('customer.clearEmpty', () => {
  test('true: name fields that are empty in commercetools are cleared, in realtime and in bulk', async () => {
    const full = newCustomer();
    const empty = { firstName: '', lastName: undefined, title: ' ', companyName: undefined };
    const emptied = { ...full, record: { ...full.record, ...empty } };
    const { realtime, bulk } = await seenWith({ customer: { clearEmpty: true } }, full, emptied);
    for (const seen of [realtime, bulk]) {
      assert.deepEqual(
        [seen?.first_name, seen?.last_name, seen?.title, seen?.organization],
        [undefined, undefined, undefined, undefined],
      );
      assert.equal(seen?.external_id, full.id);
    }
  });
});

describe('disabledEvents and customers', () => {
  let shop: OrderShop;
  before(async () => {
    shop = await startOrderShop({ settings: { disabledEvents: [' CustomerCreated ', 'CustomerCompanyNameSet'] } });
  });
  after(() => shop.stop());
  const unseen = async ({ id }: Made) =>
    assert.ok((await shop.profiles()).every(({ external_id }) => external_id !== id));

  test('CustomerCreated (blanks trimmed): a new customer is not sent, a changed one is', async () => {
    const customer = newCustomer();
    await shop.addRecords(customer);
    assert.equal(await shop.sendMessage('CustomerCreated', customer.ref, { customer: customer.record }), 204);
    await unseen(customer);
    assert.deepEqual(shop.reasons(customer), ['no rule is triggered by CustomerCreated of customer']);
    assert.equal(await shop.sendChange('ResourceUpdated', customer.ref), 204);
    assert.equal((await shop.profile(customer.id)).first_name, 'Mia');
  });

  test('disabledEvents are about realtime only: bulk sends the customer', async () => {
    const customer = newCustomer();
    await shop.addRecords(customer);
    assert.equal((await shop.sync('customers', [customer])).counts.delivered, 1);
    assert.equal((await shop.profile(customer.id)).first_name, 'Mia');
  });

  test('CustomerResourceUpdated: a changed customer is not sent, a new one is', async () => {
    await using other = await startOrderShop({ settings: { disabledEvents: ['CustomerResourceUpdated'] } });
    const customer = newCustomer();
    await other.addRecords(customer);
    assert.equal(await other.sendChange('ResourceUpdated', customer.ref), 204);
    assert.deepEqual(await other.profiles(), []);
    assert.equal(await other.sendMessage('CustomerCreated', customer.ref, { customer: customer.record }), 204);
    assert.equal((await other.profiles()).length, 1);
  });
});
