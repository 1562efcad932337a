/** Cases 01, 03 and 08 with every answer that Klaviyo might give to conflicting identifiers. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { z } from 'zod';
import { klaviyoVariants } from '../../sandbox/klaviyo/behaviours.ts';
import { type CaseResult, runCase } from './run-case.ts';

const placedOrders = z.array(
  z.object({
    profile: z.object({ external_id: z.string().nullable() }),
    properties: z.object({ OrderEmail: z.string().optional() }),
  }),
);

async function end({ looks, testEnv }: CaseResult) {
  const state = looks.at(-1);
  assert.ok(state);
  return { ...state, placed: placedOrders.parse(await testEnv.events({ metric: 'Placed Order' })) };
}

for (const multipleEmails of klaviyoVariants.multipleEmails)
  for (const eventOfTwoProfiles of klaviyoVariants.eventOfTwoProfiles)
    describe(`Klaviyo: several e-mails ${multipleEmails}, ${eventOfTwoProfiles}`, () => {
      const klaviyo = { multipleEmails, eventOfTwoProfiles };

      for (const [name, email, orderEmail] of [
        ['01-email-reverted-by-order-sync', 'new@example.com', 'old@example.com'],
        ['03-checkout-email-replaces-account-email', 'private@example.com', 'office@example.com'],
      ] as const)
        test(`${name}: the account keeps its e-mail, the order's becomes OrderEmail`, async () => {
          await using result = await runCase(name, { klaviyo });
          const { profiles, placed } = await end(result);
          assert.deepEqual(
            profiles.map((profile) => [profile.external_id, profile.email]),
            [['customer-1', email]],
          );
          assert.deepEqual(
            placed.map(({ profile, properties }) => [profile.external_id, properties.OrderEmail]),
            [['customer-1', orderEmail]],
          );
        });

      test('08-order-email-corrected-counts-twice: the profile gets the e-mail, the revenue counts once', async () => {
        await using result = await runCase('08-order-email-corrected-counts-twice', { klaviyo });
        const [afterCorrection] = result.looks;
        assert.deepEqual(
          afterCorrection?.profiles.map(({ email }) => email),
          ['right@example.com'],
        );
        const { profiles, events } = await end(result);
        assert.deepEqual(
          profiles.map(({ email }) => email),
          ['right@example.com'],
        );
        assert.deepEqual(events.map(({ metric }) => metric).toSorted(), ['Ordered Product', 'Placed Order']);
      });
    });
