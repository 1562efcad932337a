import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { delivery, order, reference } from '../fixtures/index.ts';
import { runCase } from './run-case.ts';

const name = '27-customer-erased';
const requests = z.object({ counts: z.record(z.string(), z.record(z.string(), z.number())) });

/** How many deletion jobs Klaviyo received, by status. */
async function deletions(klaviyo: string): Promise<Record<string, number>> {
  const answer = await fetch(`${klaviyo}/sandbox/requests`);
  return requests.parse(await answer.json()).counts.request_profile_deletion ?? {};
}

test(`${name}: by default nothing is deleted`, async () => {
  await using result = await runCase(name);
  assert.deepEqual(await deletions(result.testEnv.klaviyo.url), {});
  assert.equal((await result.testEnv.profiles()).length, 1);
});

test(`${name}: with request one job is sent, and a later order does not create the profile again`, async () => {
  await using result = await runCase(name, { settings: { customer: { onErasure: 'request' } } });
  const { testEnv } = result;
  assert.deepEqual(await deletions(testEnv.klaviyo.url), { 202: 1 });
  while ((await testEnv.profiles()).length > 0) await new Promise((resolve) => setTimeout(resolve, 10));
  const late = order({ customerId: 'customer-1', customerEmail: 'mia@example.com' });
  const ref = reference('order', String(late.id));
  assert.equal(await testEnv.push({ ...delivery('OrderCreated', ref, { order: late }), projectKey: 'shop' }), 204);
  await testEnv.addRecords('order', late);
  const run = await testEnv.sync('orders');
  assert.deepEqual(run.counts.reasons, { 'customer erased': 1 });
  assert.deepEqual([await testEnv.events(), await testEnv.profiles()], [[], []]);
});
