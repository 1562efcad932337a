/** Cases about texts: e-mails, phones and regions as Klaviyo accepts them, and its own properties as text. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { runCase } from './run-case.ts';

const propertied = z.looseObject({ properties: z.record(z.string(), z.unknown()) });

async function propertiesIn(name: string, metric: string): Promise<Record<string, unknown>> {
  await using result = await runCase(name);
  const [event] = await result.testEnv.events({ metric });
  return propertied.parse(event).properties;
}

test('14: white space around an e-mail is trimmed', async () => {
  await using result = await runCase('14-email-with-trailing-blank');
  const { profiles, events } = result.looks[0] ?? { profiles: [], events: [] };
  assert.deepEqual(
    profiles.map(({ email, external_id }) => [email, external_id]),
    [['mia@example.com', 'customer-1']],
  );
  assert.deepEqual(
    events.map(({ metric, profile }) => [metric, profile.email]),
    [['Placed Order', 'mia@example.com']],
  );
});

for (const name of ['18-brand-is-a-reference', '20-brand-is-nested'])
  test(`${name}: there is no brand`, async () => {
    const placed = await propertiesIn(name, 'Placed Order');
    assert.deepEqual(placed.Brands ?? [], []);
    assert.equal((await propertiesIn(name, 'Ordered Product')).ProductBrand, undefined);
  });

test('21: a localized reason is its text', async () => {
  assert.equal((await propertiesIn('21-reason-is-localized', 'Cancelled Order')).Reason, 'ordered twice');
});

test('24: the state stands for a missing region', async () => {
  await using result = await runCase('24-state-without-region');
  assert.equal(result.looks[0]?.profiles[0]?.location.region, 'CA');
});

test('26: the phone stands for a mobile number that is a placeholder', async () => {
  await using result = await runCase('26-mobile-is-a-placeholder');
  assert.equal(result.looks[0]?.profiles[0]?.phone_number, '+4915123456789');
});
