/** Tests that a job's errors are attributed by pointer, else by the payload that Klaviyo repeats. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { batchItem, bulkBody } from './bulk-body.ts';
import { attribute, failureOf } from './job-errors.ts';
import type { JobError } from './job-poller.ts';
import { operations } from './operations.ts';

interface ProfileRecord {
  email: string;
  external_id?: string;
  properties?: object;
}

function attributed(records: readonly ProfileRecord[], errors: readonly Partial<JobError>[], unlistedErrors = 0) {
  const entries = records.map((attributes) => ({ item: batchItem({ type: 'profile', attributes }) }));
  const { positions } = bulkBody(
    operations.profile,
    entries.map(({ item }) => item),
  );
  const complete = errors.map((error) => ({ code: 'invalid', detail: 'no', ...error }));
  const { failed, unattributed } = attribute(entries, { errors: complete, unlistedErrors }, positions);
  return { failed: [...failed.keys()].map((entry) => entries.indexOf(entry)), unattributed };
}

const anna = { email: 'anna@example.test', external_id: '1' };
const bert = { email: 'bert@example.test', external_id: '2' };
const cleo = { email: 'cleo@example.test' };
const all = [anna, bert, cleo];

describe('an error of a job', () => {
  test('is attributed by its pointer', () => {
    const pointer = '/data/attributes/profiles/data/1/attributes/phone_number';
    assert.deepEqual(attributed(all, [{ pointer }]), { failed: [1], unattributed: false });
  });

  test('without a pointer is attributed by the identifiers of its payload', () => {
    for (const [index, payload] of all.entries())
      assert.deepEqual(attributed(all, [{ payload }]), { failed: [index], unattributed: false });
    assert.deepEqual(attributed(all, [{ payload: { external_id: '2' } }]), { failed: [1], unattributed: false });
  });

  test('is not attributed to a record with the identifiers in other attributes', () => {
    const friend = { email: 'dora@example.test', properties: { invitedBy: cleo.email, size: '2' } };
    assert.deepEqual(attributed([friend, ...all], [{ payload: cleo }]), { failed: [3], unattributed: false });
    assert.deepEqual(attributed([friend, ...all], [{ payload: { external_id: '2' } }]), {
      failed: [2],
      unattributed: false,
    });
  });

  test('that matches several records, or none, is unattributed', () => {
    const twice = [cleo, { ...cleo, external_id: '3' }];
    assert.deepEqual(attributed(twice, [{ payload: cleo }]), { failed: [], unattributed: true });
    assert.deepEqual(attributed(all, [{ payload: { email: 'unknown@example.test' } }]), {
      failed: [],
      unattributed: true,
    });
    assert.deepEqual(attributed(all, [{ payload: 'text' }]), { failed: [], unattributed: true });
    assert.deepEqual(attributed(all, [{}]), { failed: [], unattributed: true });
    assert.deepEqual(attributed(all, [{ pointer: '/data' }]), { failed: [], unattributed: true });
  });

  test('with a pointer beyond the last record is attributed by its payload', () => {
    const pointer = '/data/attributes/profiles/data/7';
    assert.deepEqual(attributed(all, [{ pointer, payload: bert }]), { failed: [1], unattributed: false });
    assert.deepEqual(attributed(all, [{ pointer }]), { failed: [], unattributed: true });
  });

  test('reads each record once, however many errors there are', () => {
    let reads = 0;
    const entries = Array.from({ length: 50 }, (_, index) => {
      const item = batchItem({ type: 'profile', attributes: { email: `${index}@example.test` } });
      const text = () => {
        reads += 1;
        return item.text();
      };
      return { item: { ...item, text } };
    });
    const errors = entries.map((_, index) => ({
      ...{ code: 'invalid', detail: 'no' },
      payload: { email: `${index}@example.test` },
    }));
    const { failed } = attribute(entries, { errors, unlistedErrors: 0 }, []);
    assert.deepEqual([failed.size, reads], [50, 50]);
  });

  test('that is unattributed does not affect the other errors', () => {
    const pointer = '/data/attributes/profiles/data/0';
    assert.deepEqual(attributed(all, [{ pointer }, {}, { payload: cleo }]), { failed: [0, 2], unattributed: true });
  });
});

test('an error that is not listed leaves every record unattributed', () => {
  assert.deepEqual(attributed(all, [], 1), { failed: [], unattributed: true });
});

test('an error without a pointer is found by the payload, also in an envelope', () => {
  const payload = { data: { type: 'profile', attributes: { email: cleo.email } } };
  assert.deepEqual(attributed(all, [{ payload }]), { failed: [2], unattributed: false });
  assert.deepEqual(attributed(all, [{ payload: payload.data }]), { failed: [2], unattributed: false });
});

test("a catalog job's error names its record by id, and its code does not show the reason", () => {
  const items = ['one', 'two'].map((id) => ({ item: batchItem({ type: 'catalog-item', id }, id) }));
  const error = { code: 'invalid', detail: 'no', pointer: '/data/attributes/items/data/id', recordId: 'two' };
  const { failed, unattributed } = attribute(items, { errors: [error], unlistedErrors: 0 }, [
    { index: 0 },
    { index: 1 },
  ]);
  assert.deepEqual([[...failed.keys()], unattributed], [[items[1]], false]);
  assert.equal(failureOf(error, operations.updateItem), 'unclear');
});

test("a job's error becomes the failure that the single endpoint would have returned", () => {
  const statusOf = (code: string) => {
    const failure = failureOf({ code, detail: 'no', pointer: '/data' }, operations.profile);
    assert.ok(failure !== 'unclear' && failure.type === 'rejected');
    assert.deepEqual(failure.errors, [{ code, detail: 'no', pointer: '/data' }]);
    return failure.status;
  };
  assert.equal(statusOf('not_found'), 404);
  assert.equal(statusOf('duplicate_profile'), 409);
  assert.equal(statusOf('conflict'), 409);
  assert.equal(statusOf('invalid'), 400);
});
