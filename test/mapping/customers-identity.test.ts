/** Who is who: e-mail and id of a customer against the profiles that Klaviyo knows. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import type { Json } from '../fixtures/index.ts';
import { type Made, newCustomer, newOrder, type OrderShop, startOrderShop } from './order-fixture.ts';

function testEnv(customer: Json = {}) {
  const held: { shop: OrderShop | undefined } = { shop: undefined };
  before(async () => {
    held.shop = await startOrderShop({ settings: { customer, order: { identity: 'order' } } });
  });
  after(() => held.shop?.stop());
  return () => {
    assert.ok(held.shop);
    return held.shop;
  };
}

/** The e-mail belongs to one profile (a subscriber), the id to another (an order without e-mail, with its own identity). */
async function conflict(shop: OrderShop): Promise<{ customer: Made; byEmail: string; byId: string }> {
  const customer = newCustomer();
  await shop.addRecords(customer);
  const byEmail = await shop.known({ email: customer.email, properties: { source: 'form' } });
  const { id, ref, record } = newOrder({ customerEmail: undefined, customerId: customer.id });
  assert.equal(await shop.sendMessage('OrderCreated', ref, { order: record }), 204);
  const { profile } = await shop.event('Placed Order', id);
  return { customer, byEmail, byId: profile.id };
}

describe('identityConflict: email, as it is by default', () => {
  const shop = testEnv();

  test("an e-mail profile without external_id is no conflict: it gets the customer's id", async () => {
    const customer = newCustomer();
    const known = await shop().known({ email: customer.email, first_name: 'M.', properties: { source: 'form' } });
    await shop().addRecords(customer);
    assert.equal(await shop().sendChange('ResourceUpdated', customer.ref), 204);
    const seen = await shop().profile(customer.id);
    assert.deepEqual([seen.id, seen.first_name, seen.properties.source], [known, 'Mia', 'form']);
    assert.deepEqual(shop().warnings(customer), []);
  });

  test('e-mails compare without case; what is sent is the original spelling', async () => {
    const customer = newCustomer();
    const known = await shop().known({ email: customer.email.toLowerCase() });
    await shop().addRecords(customer);
    assert.equal(await shop().sendChange('ResourceUpdated', customer.ref), 204);
    const seen = await shop().profile(customer.id);
    assert.deepEqual([seen.id, seen.email], [known, customer.email]);
  });

  for (const way of ['realtime', 'bulk']) {
    test(`a real conflict in ${way}: written to the e-mail's profile, ids left alone, a warning with both profiles`, async () => {
      const { customer, byEmail, byId } = await conflict(shop());
      if (way === 'bulk') assert.equal((await shop().sync('customers', [customer])).counts.delivered, 1);
      else assert.equal(await shop().sendChange('ResourceUpdated', customer.ref), 204);
      const [email, id] = [await shop().profile(customer.email), await shop().profile(customer.id)];
      assert.deepEqual([email.id, email.external_id, email.first_name], [byEmail, undefined, 'Mia']);
      assert.deepEqual([id.id, id.email, id.first_name], [byId, undefined, undefined]);
      const said = shop().warnings(customer).join();
      assert.ok(said.includes(byEmail) && said.includes(byId), said);
    });
  }

  test('an identity conflict and a phone of another profile: the customer is still delivered', async () => {
    const { customer, byEmail } = await conflict(shop());
    const other = newCustomer({ addresses: customer.record.addresses });
    await shop().addRecords(other);
    assert.equal(await shop().sendChange('ResourceUpdated', other.ref), 204);
    assert.equal(await shop().sendChange('ResourceUpdated', customer.ref), 204);
    const seen = await shop().profile(customer.email);
    assert.deepEqual([seen.id, seen.first_name, seen.phone_number], [byEmail, 'Mia', undefined]);
  });
});

describe('identityConflict: merge', () => {
  const shop = testEnv({ identityConflict: 'merge' });

  for (const way of ['realtime', 'bulk']) {
    test(`in ${way} both become one profile with all that either knew`, async () => {
      const { customer, byEmail } = await conflict(shop());
      if (way === 'bulk') assert.equal((await shop().sync('customers', [customer])).counts.delivered, 1);
      else assert.equal(await shop().sendChange('ResourceUpdated', customer.ref), 204);
      const seen = await shop().profile(customer.email);
      assert.deepEqual([seen.id, seen.external_id, seen.first_name], [byEmail, customer.id, 'Mia']);
      assert.equal(seen.properties.source, 'form');
      assert.equal((await shop().events({ metric: 'Placed Order', profile: customer.id })).length, 1);
    });
  }
});

describe('identityConflict: reject', () => {
  const shop = testEnv({ identityConflict: 'reject' });

  test('is rejected and dead-lettered (202); nothing is written', async () => {
    const { customer, byEmail } = await conflict(shop());
    assert.equal(await shop().sendChange('ResourceUpdated', customer.ref), 202);
    assert.deepEqual(shop().rejectionCodes(customer), ['identity_conflict']);
    const seen = await shop().profile(customer.email);
    assert.deepEqual([seen.id, seen.first_name], [byEmail, undefined]);
  });

  test('in bulk it is counted as rejected, and the others arrive', async () => {
    const { customer } = await conflict(shop());
    const fine = newCustomer();
    await shop().addRecords(fine);
    const { state, counts } = await shop().sync('customers', [customer, fine]);
    assert.deepEqual([state, counts.delivered, counts.rejected], ['completed', 1, 1]);
    assert.deepEqual(counts.reasons, { identity_conflict: 1 });
    assert.equal((await shop().profile(fine.id)).first_name, 'Mia');
  });
});

describe('deduplication.enabled', () => {
  const shop = testEnv({ deduplication: { enabled: true } });

  test("the e-mail's profile is given this id, also where it had that of a customer who is gone", async () => {
    const customer = newCustomer();
    const known = await shop().known({ email: customer.email, external_id: randomUUID() });
    await shop().addRecords(customer);
    assert.equal(await shop().sendChange('ResourceUpdated', customer.ref), 204);
    assert.deepEqual(
      [(await shop().profile(customer.email)).id, (await shop().profile(customer.id)).id],
      [known, known],
    );
  });

  test('unless another profile holds it: then the ids are left alone', async () => {
    const { customer, byEmail, byId } = await conflict(shop());
    assert.equal(await shop().sendChange('ResourceUpdated', customer.ref), 204);
    const seen = await shop().profile(customer.email);
    assert.deepEqual([seen.id, seen.external_id, seen.first_name], [byEmail, undefined, 'Mia']);
    assert.equal((await shop().profile(customer.id)).id, byId);
  });

  test('what Klaviyo refuses and the profile can go without is left out', async () => {
    const customer = newCustomer({ locale: 'de-DE' });
    const known = await shop().known({ email: customer.email });
    await shop().addRecords(customer);
    const source = { pointer: '/data/attributes/locale' };
    const body = { errors: [{ id: '1', status: 400, code: 'invalid', title: 'Invalid input.', detail: 'no', source }] };
    shop().testEnv.klaviyo.faults.add({ kind: 'status', status: 400, body, path: '/api/profile-import', times: 1 });
    assert.equal(await shop().sendChange('ResourceUpdated', customer.ref), 204);
    const seen = await shop().profile(customer.id);
    assert.deepEqual([seen.id, seen.locale, seen.first_name], [known, undefined, 'Mia']);
    assert.match(shop().warnings(customer).join(), /locale left out/);
  });

  test('a customer whom Klaviyo does not know is created', async () => {
    const customer = newCustomer();
    await shop().addRecords(customer);
    assert.equal(await shop().sendMessage('CustomerCreated', customer.ref), 204);
    assert.equal((await shop().profile(customer.id)).email, customer.email);
  });
});

describe('two customers with one e-mail (stores)', () => {
  const shop = testEnv();
  const store = (key: string) => ({ stores: [{ typeId: 'store', key }] });

  async function two(first: Json, second: Json): Promise<[Made, Made]> {
    const email = `Mia.${randomUUID()}@example.com`;
    const made: [Made, Made] = [
      newCustomer({ email, ...store('berlin'), ...first }),
      newCustomer({ email: email.toLowerCase(), ...store('wien'), ...second }),
    ];
    await shop().addRecords(...made);
    return made;
  }
  const ways: Record<string, (some: Made[]) => Promise<unknown>> = {
    'realtime, the later one first': async ([first, second]) => {
      for (const one of [second, first]) {
        assert.ok(one);
        assert.equal(await shop().sendChange('ResourceUpdated', one.ref), 204);
      }
    },
    'realtime, again and again': async (some) => {
      for (const one of [...some, ...some]) assert.equal(await shop().sendChange('ResourceUpdated', one.ref), 204);
    },
    bulk: async (some) => assert.equal((await shop().sync('customers', some)).counts.delivered, 2),
  };

  for (const [way, arrive] of Object.entries(ways)) {
    test(`the earliest createdAt gives the profile its id: ${way}`, async () => {
      const [younger, older] = await two({}, { createdAt: '2020-01-01T00:00:00.000Z' });
      await arrive([younger, older]);
      const seen = await shop().profile(older.id);
      assert.equal(seen.email?.toLowerCase(), older.email);
      assert.equal((await shop().profiles()).filter(({ external_id }) => external_id === younger.id).length, 0);
      assert.match(shop().warnings(younger).join(), /shares its e-mail/);
    });
  }

  test('born in the same moment: the lowest id', async () => {
    const both = await two({}, {});
    const [lowest] = both.map(({ id }) => id).toSorted();
    for (const one of both) assert.equal(await shop().sendChange('ResourceUpdated', one.ref), 204);
    assert.equal((await shop().profile(lowest ?? '')).email?.toLowerCase(), both[1].email);
  });

  test('customers of no store cost no lookup for others', async () => {
    // At least the version of the message, so that the query suffices.
    const customer = newCustomer({ version: 1_000 });
    await shop().addRecords(customer);
    const asked = await shop().injectFault({ kind: 'delay', ms: 0, path: '^/[^/]+/customers' });
    assert.equal(await shop().sendChange('ResourceUpdated', customer.ref), 204);
    assert.equal(await asked.matchCount(), 1);
    await asked.clear();
  });
});
