/** Errors of a job: attributed to the record by its pointer, else by the record that Klaviyo repeats. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { batchItem } from './batcher-registry.ts';
import { attribute, failureOf } from './job-errors.ts';
import type { JobError } from './job-poller.ts';
import { bulkBody, operations } from './operations.ts';

interface Record {
  email: string;
  external_id?: string;
  properties?: object;
}

function attributed(records: readonly Record[], errors: readonly Partial<JobError>[]) {
  const entries = records.map((attributes) => ({ item: batchItem({ type: 'profile', attributes }) }));
  const { positions: places } = bulkBody(
    operations.profile,
    entries.map(({ item }) => item),
  );
  const whole = errors.map((error) => ({ code: 'invalid', detail: 'no', ...error }));
  const { failed, unclear } = attribute(entries, whole, places);
  return { failed: [...failed.keys()].map((entry) => entries.indexOf(entry)), unclear };
}

const anna = { email: 'anna@example.test', external_id: '1' };
const bert = { email: 'bert@example.test', external_id: '2' };
const cleo = { email: 'cleo@example.test' };
const all = [anna, bert, cleo];

describe('an error of a job', () => {
  test('is its record by its pointer', () => {
    const pointer = '/data/attributes/profiles/data/1/attributes/phone_number';
    assert.deepEqual(attributed(all, [{ pointer }]), { failed: [1], unclear: false });
  });

  test('without a pointer is its record by the identifiers that Klaviyo repeats', () => {
    for (const [index, payload] of all.entries())
      assert.deepEqual(attributed(all, [{ payload }]), { failed: [index], unclear: false });
    assert.deepEqual(attributed(all, [{ payload: { external_id: '2' } }]), { failed: [1], unclear: false });
  });

  test('is not a record that only mentions the identifiers', () => {
    const friend = { email: 'dora@example.test', properties: { invitedBy: cleo.email, size: '2' } };
    assert.deepEqual(attributed([friend, ...all], [{ payload: cleo }]), { failed: [3], unclear: false });
    assert.deepEqual(attributed([friend, ...all], [{ payload: { external_id: '2' } }]), {
      failed: [2],
      unclear: false,
    });
  });

  test('that fits several records, or none, is unclear', () => {
    const twice = [cleo, { ...cleo, external_id: '3' }];
    assert.deepEqual(attributed(twice, [{ payload: cleo }]), { failed: [], unclear: true });
    assert.deepEqual(attributed(all, [{ payload: { email: 'nobody@example.test' } }]), { failed: [], unclear: true });
    assert.deepEqual(attributed(all, [{ payload: 'odd' }]), { failed: [], unclear: true });
    assert.deepEqual(attributed(all, [{}]), { failed: [], unclear: true });
    assert.deepEqual(attributed(all, [{ pointer: '/data' }]), { failed: [], unclear: true });
  });

  test('with a pointer behind the last record is attributed by its payload', () => {
    const pointer = '/data/attributes/profiles/data/7';
    assert.deepEqual(attributed(all, [{ pointer, payload: bert }]), { failed: [1], unclear: false });
    assert.deepEqual(attributed(all, [{ pointer }]), { failed: [], unclear: true });
  });

  test('leaves the other errors to their records', () => {
    const pointer = '/data/attributes/profiles/data/0';
    assert.deepEqual(attributed(all, [{ pointer }, {}, { payload: cleo }]), { failed: [0, 2], unclear: true });
  });
});

test("a job's error becomes the failure that the single endpoint would have answered", () => {
  const statusOf = (code: string) => {
    const failure = failureOf({ code, detail: 'no', pointer: '/data' });
    assert.ok(failure.type === 'rejected');
    assert.deepEqual(failure.errors, [{ code, detail: 'no', pointer: '/data' }]);
    return failure.status;
  };
  assert.equal(statusOf('not_found'), 404);
  assert.equal(statusOf('duplicate_profile'), 409);
  assert.equal(statusOf('conflict'), 409);
  assert.equal(statusOf('invalid'), 400);
});
