/** Verifies that commercetools reaches a destination: it sends a test notification when a subscription is created. */
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { answerOf, removeRetrying } from './commercetools-requests.ts';
import { asExpected, cannotWork, type LiveCheck, type LiveCheckContext } from './live-check.ts';

const fact = 'test notification of a subscription';
const scope = 'manage_subscriptions';
/** Permissions of a new destination take a while to propagate. */
const delaysMs = [0, 1_000, 4_000, 10_000];
const versioned = z.looseObject({ id: z.string(), version: z.number() });

export const subscription: LiveCheck = {
  title: 'a subscription',
  facts: [{ name: fact, expected: 'delivered' }],
  creates: ['a subscription to messages of reviews, which the service does not use'],
  remains: ['the test notification at the destination, which the service ignores'],
  applies: ({ destination }) => destination !== undefined,
  async run(context, report) {
    const { commercetools, destination, mark, signal, cleanup } = context;
    const draft = {
      ...{ key: mark, destination },
      messages: [{ resourceTypeId: 'review', types: ['ReviewCreated'] }],
    };
    const record = { name: `subscription ${mark}`, remove: () => removeSubscription(context) };
    let reason = '';
    for (const [index, delayMs] of delaysMs.entries()) {
      await sleep(delayMs, undefined, { signal });
      const answer = await cleanup.create(record, () => answerOf(commercetools.post('subscriptions', draft), scope));
      if (answer.ok) {
        const found = index === 0 ? 'delivered' : `delivered at attempt ${index + 1}`;
        report(fact, asExpected(found, 'ctk subscriptions apply works with this destination'));
        return;
      }
      reason = answer.error.code ?? answer.error.type;
    }
    const consequence = 'no message arrives there: let commercetools send to the destination (docs/setup.md)';
    report(fact, cannotWork(`refused (${reason})`, consequence));
  },
};

async function removeSubscription({ commercetools, mark }: LiveCheckContext): Promise<void> {
  const found = await answerOf(commercetools.get(`subscriptions/key=${mark}`), scope);
  if (!found.ok && found.error.type === 'not-found') return;
  if (!found.ok) throw found.error;
  const { id, version } = versioned.parse(found.body);
  const removed = await answerOf(removeRetrying(commercetools, `subscriptions/${id}`, { version }), scope);
  if (!removed.ok && removed.error.type !== 'not-found') throw removed.error;
}
