/** Tests which errors of loading facts concern one record, and which all of them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { evaluateRecords, lookupsIn, order, run, settings } from '../../test/fixtures/index.ts';
import { LookupUnavailable } from '../lib/errors.ts';

const evaluateWith = (thrown: Error) =>
  evaluateRecords([order({ customerId: 'customer-1' })], {
    ...{ rule: 'placed-order', settings: settings(), cause: run },
    lookups: { ...lookupsIn({}), orderCustomer: () => Promise.reject(thrown) },
  });

test('an internal error while the facts of a record are loaded fails this record', async () => {
  const [evaluation] = await evaluateWith(new RangeError('Invalid time value'));
  assert.equal(evaluation?.outcome, 'failed');
});

test('a lookup that is unavailable concerns the whole page', async () => {
  await assert.rejects(evaluateWith(new LookupUnavailable('Klaviyo answered 503')), LookupUnavailable);
});
