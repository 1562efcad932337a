/** Tests that findings are shared by processes, and that a lost body is verified again after a week. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMemoryStore } from '../store/memory.ts';
import { createApiFindings } from './api-findings.ts';

const start = Date.parse('2026-03-15T08:00:00.000Z');
const days = (count: number) => () => new Date(start + count * 86_400_000);

test('a finding is known to every process of the account, and to no other account', async () => {
  const store = createMemoryStore();
  await createApiFindings(store, 'key', days(0)).repeatedEvents.write('rejected');
  assert.equal(await createApiFindings(store, 'key', days(90)).repeatedEvents.read(), 'rejected');
  assert.equal(await createApiFindings(store, 'other', days(0)).repeatedEvents.read(), undefined);
});

test('findings with other names stay', async () => {
  const findings = createApiFindings(createMemoryStore(), 'key', days(0));
  await findings.write({ one: { value: 'yes' } });
  await findings.write({ two: { value: 'no' } });
  assert.deepEqual(await findings.read(), {
    one: { value: 'yes', verifiedAt: '2026-03-15T08:00:00.000Z' },
    two: { value: 'no', verifiedAt: '2026-03-15T08:00:00.000Z' },
  });
});

test('a body that was lost is verified again after a week', async () => {
  const store = createMemoryStore();
  await createApiFindings(store, 'key', days(0)).repeatedEvents.write('lost');
  assert.equal(await createApiFindings(store, 'key', days(6)).repeatedEvents.read(), 'lost');
  assert.equal(await createApiFindings(store, 'key', days(8)).repeatedEvents.read(), undefined);
});
