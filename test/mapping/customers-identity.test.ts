/** Who is who: e-mail and id of a customer against the profiles that Klaviyo knows. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import type { Json } from '../fixtures/index.ts';
import { type Made, newCustomer, newOrder, type Rows, startRows } from './order-fixture.ts';

function world(customer: Json = {}) {
  const held: { rows: Rows | undefined } = { rows: undefined };
  before(async () => {
    held.rows = await startRows({ settings: { customer } });
  });
  after(() => held.rows?.stop());
  return () => {
    assert.ok(held.rows);
    return held.rows;
  };
}

/** The e-mail belongs to one profile (a subscriber), the id to another (an order without e-mail). */
async function conflict(rows: Rows): Promise<{ customer: Made; byEmail: string; byId: string }> {
  const customer = newCustomer();
  await rows.place(customer);
  const byEmail = await rows.known({ email: customer.email, properties: { source: 'form' } });
  const { id, ref, record } = newOrder({ customerEmail: undefined, customerId: customer.id });
  assert.equal(await rows.tell('OrderCreated', ref, { order: record }), 204);
  const { profile } = await rows.event('Placed Order', id);
  return { customer, byEmail, byId: profile.id };
}

describe('identityConflict: email, as it is by default', () => {
  const rows = world();

  test("an e-mail profile without external_id is no conflict: it gets the customer's id", async () => {
    const customer = newCustomer();
    const known = await rows().known({ email: customer.email, first_name: 'M.', properties: { source: 'form' } });
    await rows().place(customer);
    assert.equal(await rows().tellChange('ResourceUpdated', customer.ref), 204);
    const seen = await rows().profile(customer.id);
    assert.deepEqual([seen.id, seen.first_name, seen.properties.source], [known, 'Mia', 'form']);
    assert.deepEqual(rows().warnings(customer), []);
  });

  test('e-mails compare without case; what is sent is the original spelling', async () => {
    const customer = newCustomer();
    const known = await rows().known({ email: customer.email.toLowerCase() });
    await rows().place(customer);
    assert.equal(await rows().tellChange('ResourceUpdated', customer.ref), 204);
    const seen = await rows().profile(customer.id);
    assert.deepEqual([seen.id, seen.email], [known, customer.email]);
  });

  for (const way of ['realtime', 'bulk']) {
    test(`a real conflict in ${way}: written to the e-mail's profile, ids left alone, a warning with both profiles`, async () => {
      const { customer, byEmail, byId } = await conflict(rows());
      if (way === 'bulk') assert.equal((await rows().sync('customers', [customer])).counts.delivered, 1);
      else assert.equal(await rows().tellChange('ResourceUpdated', customer.ref), 204);
      const [email, id] = [await rows().profile(customer.email), await rows().profile(customer.id)];
      assert.deepEqual([email.id, email.external_id, email.first_name], [byEmail, undefined, 'Mia']);
      assert.deepEqual([id.id, id.email, id.first_name], [byId, undefined, undefined]);
      const said = rows().warnings(customer).join();
      assert.ok(said.includes(byEmail) && said.includes(byId), said);
    });
  }

  test('a conflict and a phone of somebody else: the customer arrives all the same', async () => {
    const { customer, byEmail } = await conflict(rows());
    const other = newCustomer({ addresses: customer.record.addresses });
    await rows().place(other);
    assert.equal(await rows().tellChange('ResourceUpdated', other.ref), 204);
    assert.equal(await rows().tellChange('ResourceUpdated', customer.ref), 204);
    const seen = await rows().profile(customer.email);
    assert.deepEqual([seen.id, seen.first_name, seen.phone_number], [byEmail, 'Mia', undefined]);
  });
});

describe('identityConflict: merge', () => {
  const rows = world({ identityConflict: 'merge' });

  for (const way of ['realtime', 'bulk']) {
    test(`in ${way} both become one profile with all that either knew`, async () => {
      const { customer, byEmail } = await conflict(rows());
      if (way === 'bulk') assert.equal((await rows().sync('customers', [customer])).counts.delivered, 1);
      else assert.equal(await rows().tellChange('ResourceUpdated', customer.ref), 204);
      const seen = await rows().profile(customer.email);
      assert.deepEqual([seen.id, seen.external_id, seen.first_name], [byEmail, customer.id, 'Mia']);
      assert.equal(seen.properties.source, 'form');
      assert.equal((await rows().events({ metric: 'Placed Order', profile: customer.id })).length, 1);
    });
  }
});

describe('identityConflict: reject', () => {
  const rows = world({ identityConflict: 'reject' });

  test('is refused for good and kept as a dead letter (202); nothing is written', async () => {
    const { customer, byEmail } = await conflict(rows());
    assert.equal(await rows().tellChange('ResourceUpdated', customer.ref), 202);
    assert.deepEqual(rows().refusals(customer), ['identity_conflict']);
    const seen = await rows().profile(customer.email);
    assert.deepEqual([seen.id, seen.first_name], [byEmail, undefined]);
  });

  test('in bulk it is counted as rejected, and the others arrive', async () => {
    const { customer } = await conflict(rows());
    const fine = newCustomer();
    await rows().place(fine);
    const { state, counts } = await rows().sync('customers', [customer, fine]);
    assert.deepEqual([state, counts.delivered, counts.rejected], ['completed', 1, 1]);
    assert.deepEqual(counts.reasons, { identity_conflict: 1 });
    assert.equal((await rows().profile(fine.id)).first_name, 'Mia');
  });
});

describe('deduplication.enabled', () => {
  const rows = world({ deduplication: { enabled: true } });

  test("the e-mail's profile is given this id, also where it had that of a customer who is gone", async () => {
    const customer = newCustomer();
    const known = await rows().known({ email: customer.email, external_id: randomUUID() });
    await rows().place(customer);
    assert.equal(await rows().tellChange('ResourceUpdated', customer.ref), 204);
    assert.deepEqual(
      [(await rows().profile(customer.email)).id, (await rows().profile(customer.id)).id],
      [known, known],
    );
  });

  test('unless another profile holds it: then the ids are left alone', async () => {
    const { customer, byEmail, byId } = await conflict(rows());
    assert.equal(await rows().tellChange('ResourceUpdated', customer.ref), 204);
    const seen = await rows().profile(customer.email);
    assert.deepEqual([seen.id, seen.external_id, seen.first_name], [byEmail, undefined, 'Mia']);
    assert.equal((await rows().profile(customer.id)).id, byId);
  });

  test('a customer whom Klaviyo does not know is created', async () => {
    const customer = newCustomer();
    await rows().place(customer);
    assert.equal(await rows().tell('CustomerCreated', customer.ref), 204);
    assert.equal((await rows().profile(customer.id)).email, customer.email);
  });
});

describe('two customers with one e-mail (stores)', () => {
  const rows = world();
  const store = (key: string) => ({ stores: [{ typeId: 'store', key }] });

  async function two(first: Json, second: Json): Promise<[Made, Made]> {
    const email = `Mia.${randomUUID()}@example.com`;
    const made: [Made, Made] = [
      newCustomer({ email, ...store('berlin'), ...first }),
      newCustomer({ email: email.toLowerCase(), ...store('wien'), ...second }),
    ];
    await rows().place(...made);
    return made;
  }
  const ways: Record<string, (some: Made[]) => Promise<unknown>> = {
    'realtime, the later one first': async ([first, second]) => {
      for (const one of [second, first]) {
        assert.ok(one);
        assert.equal(await rows().tellChange('ResourceUpdated', one.ref), 204);
      }
    },
    'realtime, again and again': async (some) => {
      for (const one of [...some, ...some]) assert.equal(await rows().tellChange('ResourceUpdated', one.ref), 204);
    },
    bulk: async (some) => assert.equal((await rows().sync('customers', some)).counts.delivered, 2),
  };

  for (const [way, arrive] of Object.entries(ways)) {
    test(`the earliest createdAt gives the profile its id: ${way}`, async () => {
      const [younger, older] = await two({}, { createdAt: '2020-01-01T00:00:00.000Z' });
      await arrive([younger, older]);
      const seen = await rows().profile(older.id);
      assert.equal(seen.email?.toLowerCase(), older.email);
      assert.equal((await rows().profiles()).filter(({ external_id }) => external_id === younger.id).length, 0);
      assert.match(rows().warnings(younger).join(), /shares its e-mail/);
    });
  }

  test('born in the same moment: the lowest id', async () => {
    const both = await two({}, {});
    const [lowest] = both.map(({ id }) => id).toSorted();
    for (const one of both) assert.equal(await rows().tellChange('ResourceUpdated', one.ref), 204);
    assert.equal((await rows().profile(lowest ?? '')).email?.toLowerCase(), both[1].email);
  });

  test('customers of no store cost no look-up for others', async () => {
    const customer = newCustomer();
    await rows().place(customer);
    const asked = await rows().disturbShop({ kind: 'delay', ms: 0, path: '^/[^/]+/customers' });
    assert.equal(await rows().tellChange('ResourceUpdated', customer.ref), 204);
    assert.equal(await asked.struck(), 1);
    await asked.calm();
  });
});
