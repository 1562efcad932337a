/** A page that fails the run ends it at once, also while another page waits for Klaviyo. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startHooked } from '../extension/merchant.ts';
import { newCustomer } from '../mapping/order-fixture.ts';

const pageSize = 20;

test('a run fails by its error budget while Klaviyo answers nothing, and says why', async (context) => {
  const hook = `profile(profile, { facts }) { if (facts.customer.firstName === 'Odd') throw new Error(); return profile }`;
  const settings = { commercetools: { pageSize, ranges: 1 } };
  const shop = await startHooked(context, hook, { settings });
  const customers = Array.from({ length: 2 * pageSize }, () => newCustomer()).toSorted((left, right) =>
    left.id < right.id ? -1 : 1,
  );
  const odd = customers.slice(pageSize).map(({ record }) => ({ ...record, firstName: 'Odd' }));
  await shop.testEnv.addRecords('customer', ...customers.slice(0, pageSize).map(({ record }) => record), ...odd);
  shop.testEnv.klaviyo.faults.add({ kind: 'status', status: 503, body: '<html>', path: '/api/profile' });
  const run = await shop.testEnv.sync('customers');
  assert.deepEqual(
    [run.state, run.problem],
    ['failed', 'too many records failed with internal errors; see the dead letters'],
  );
});
