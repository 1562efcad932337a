/** Verifies whether ids with reserved characters can stand in a path, percent-encoded. */
import { z } from 'zod';
import { compoundId } from '../klaviyo/existing-records.ts';
import { newItem, removeItem, removeItemsByJob } from './catalog-records.ts';
import { createInKlaviyo, requestKlaviyo } from './klaviyo-requests.ts';
import { asExpected, type LiveCheck } from './live-check.ts';

const fact = 'ids with / % ? # in a path';
/** Wherever a server cuts or decodes these ids, what is left begins with the mark. */
const suffixes = { '/': 'a/b', '%': '50%-b', '?': 'a?b', '#': 'a#b' };
const withId = z.looseObject({ data: z.looseObject({ id: z.string() }) });

export const klaviyoIds: LiveCheck = {
  title: 'unusual ids',
  facts: [{ name: fact, expected: 'either' }],
  creates: ['four hidden catalog items with / % ? # in their ids'],
  remains: [],
  async run(context, report) {
    const refused = new Map<string, string>();
    context.cleanup.add(
      `catalog items ${[...Object.values(suffixes)].map((end) => `${context.mark}-${end}`).join(' ')}`,
      () => (refused.size === 0 ? Promise.resolve() : removeItemsByJob(context, [...refused.values()])),
    );
    for (const [character, suffix] of Object.entries(suffixes)) {
      const externalId = `${context.mark}-${suffix}`;
      // Until a read by path has succeeded, the item can only be removed by a job.
      refused.set(character, externalId);
      await createInKlaviyo(context, { endpoint: 'createItem', body: { data: newItem(externalId) } });
      const result = await requestKlaviyo(context, { endpoint: 'getItem', id: compoundId(externalId) });
      const read = result.ok ? withId.safeParse(result.body).data : undefined;
      if (read?.data.id !== compoundId(externalId)) continue;
      refused.delete(character);
      context.cleanup.add(`catalog item ${externalId}`, () => removeItem(context, compoundId(externalId)));
    }
    const consequence =
      'none: records with such ids are written in bulk bodies, where their ids are not part of a path';
    if (refused.size === 0) report(fact, asExpected('accepted', consequence));
    else report(fact, asExpected(`refused: ${[...refused.keys()].join(' ')}`, consequence));
  },
};
