/** Custom fields that were removed or emptied: what is unset in Klaviyo, by which message, and what is left alone. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Json, stored } from '../fixtures/index.ts';
import { writeAsOther } from '../other-app.ts';
import { type Made, newCustomer, type OrderShop, startOrderShop } from './order-fixture.ts';

let shop: OrderShop;
before(async () => {
  shop = await startOrderShop();
  await shop.testEnv.addRecords('type', {
    ...stored('old-type'),
    key: 'old',
    name: { en: 'Old' },
    resourceTypeIds: ['customer'],
    fieldDefinitions: ['tier', 'size', 'kept'].map((name) => ({
      ...{ name, label: { en: name }, required: false, type: { name: 'String' } },
    })),
  });
});
after(() => shop.stop());

const withFields = (fields: Json) => ({ custom: { type: { typeId: 'type', id: 'new-type' }, fields } });

async function known(fields: Json, at = shop): Promise<Made> {
  const customer = newCustomer(withFields(fields));
  await change(customer, fields, at);
  assert.equal(await at.sendChange('ResourceUpdated', customer.ref), 204);
  return customer;
}
const change = ({ record, ref, ...made }: Made, fields: Json, at = shop) =>
  at.addRecords({ ...made, ref, record: { ...record, ...withFields(fields) } });
const propertiesOf = async ({ id }: Made, at = shop) => (await at.profile(id)).properties;
async function told(type: string, customer: Made, own: Json, at = shop): Promise<void> {
  assert.equal(await at.sendMessage(type, customer.ref, own), 204);
}

describe('in realtime', () => {
  test('CustomerCustomFieldRemoved unsets the field that it names', async () => {
    const customer = await known({ tier: 'gold', size: 40 });
    await change(customer, { size: 40 });
    await told('CustomerCustomFieldRemoved', customer, { name: 'tier' });
    assert.deepEqual(await propertiesOf(customer), { size: 40 });
  });

  test('a field that is back stays', async () => {
    const customer = await known({ tier: 'gold' });
    await told('CustomerCustomFieldRemoved', customer, { name: 'tier' });
    assert.deepEqual(await propertiesOf(customer), { tier: 'gold' });
  });

  for (const type of ['CustomerCustomTypeRemoved', 'CustomerCustomTypeSet'])
    test(`${type} unsets the fields of the previous type that the customer no longer has`, async () => {
      const customer = await known({ tier: 'gold', kept: 'yes', other: 1 });
      await change(customer, { kept: 'yes' });
      await told(type, customer, { previousTypeId: 'old-type' });
      assert.deepEqual(await propertiesOf(customer), { kept: 'yes', other: 1 });
    });

  test('a type that no longer exists, or a message without payload, unsets nothing and says so', async () => {
    const customer = await known({ tier: 'gold' });
    await change(customer, {});
    await told('CustomerCustomTypeRemoved', customer, { previousTypeId: 'deleted-type' });
    assert.equal(await shop.sendWithoutPayload('CustomerCustomFieldRemoved', customer.ref), 204);
    assert.deepEqual(await propertiesOf(customer), { tier: 'gold' });
    assert.match(shop.warnings(customer).join(), /type no longer exists.*no payload/);
  });

  test('a bare ResourceUpdated unsets nothing; a field that is there and empty is cleared', async () => {
    const customer = await known({ tier: 'gold', size: 40, kept: 'yes' });
    await change(customer, { tier: null, kept: '' });
    assert.equal(await shop.sendChange('ResourceUpdated', customer.ref), 204);
    assert.deepEqual(await propertiesOf(customer), { size: 40 });
  });

  test('the filter applies: an excluded field stays, a renamed one is unset under its new name', async () => {
    const filter = { exclude: ['size'], map: { tier: 'Tier' } };
    await using own = await startOrderShop({ settings: { customer: { customFields: { properties: filter } } } });
    const customer = await known({ tier: 'gold' }, own);
    const profile = { type: 'profile', attributes: { email: customer.email, properties: { size: 'from a form' } } };
    await writeAsOther(own.testEnv.klaviyo.url, '/api/profile-import', profile);
    await change(customer, {}, own);
    for (const name of ['tier', 'size']) await told('CustomerCustomFieldRemoved', customer, { name }, own);
    assert.deepEqual(await propertiesOf(customer, own), { size: 'from a form' });
  });

  test('a removal that arrives together with other changes of the customer is not lost', async () => {
    const customer = await known({ tier: 'gold', size: 40 });
    await change(customer, { size: 41 });
    const answers = await Promise.all([
      shop.sendChange('ResourceUpdated', customer.ref),
      shop.sendMessage('CustomerCustomFieldRemoved', customer.ref, { name: 'tier' }),
      shop.sendChange('ResourceUpdated', customer.ref),
      shop.sendChange('ResourceUpdated', customer.ref),
    ]);
    assert.deepEqual([...new Set(answers)], [204]);
    assert.deepEqual(await propertiesOf(customer), { size: 41 });
  });
});

describe('in bulk', () => {
  test('nothing is unset, and empty values are left out', async () => {
    const customer = await known({ tier: 'gold', size: 40 });
    await change(customer, { size: null });
    assert.equal((await shop.sync('customers', [customer])).state, 'completed');
    assert.deepEqual(await propertiesOf(customer), { tier: 'gold', size: 40 });
  });

  for (const bulkImportUnset of ['applied', 'ignored'] as const)
    test(`customer.clearInBulk unsets what was written before, and nothing of others (unset is ${bulkImportUnset})`, async () => {
      await using own = await startOrderShop({
        settings: { customer: { clearInBulk: true } },
        klaviyo: { bulkImportUnset },
      });
      const customer = await known({ tier: 'gold', size: 40 }, own);
      assert.deepEqual((await propertiesOf(customer, own)).ctk_fields, ['size', 'tier']);
      const profile = { type: 'profile', attributes: { email: customer.email, properties: { other: 'app' } } };
      await writeAsOther(own.testEnv.klaviyo.url, '/api/profile-import', profile);
      await change(customer, { size: 41 }, own);
      assert.equal(await own.sendChange('ResourceUpdated', customer.ref), 204);
      assert.equal((await propertiesOf(customer, own)).tier, 'gold');
      const run = await own.sync('customers', [customer]);
      assert.deepEqual([run.state, run.counts.unsetProperties], ['completed', 1]);
      assert.deepEqual(await propertiesOf(customer, own), { size: 41, other: 'app', ctk_fields: ['size'] });
    });
});

test('customer.clearEmpty clears address and phone too', async () => {
  await using own = await startOrderShop({ settings: { customer: { clearEmpty: true } } });
  const customer = newCustomer();
  await own.addRecords(customer);
  assert.equal(await own.sendChange('ResourceUpdated', customer.ref), 204);
  assert.ok((await own.profile(customer.id)).phone_number);
  await own.addRecords({ ...customer, record: { ...customer.record, addresses: [] } });
  assert.equal(await own.sendChange('ResourceUpdated', customer.ref), 204);
  const { phone_number, location } = await own.profile(customer.id);
  assert.deepEqual([phone_number, location], [undefined, {}]);
});
