/** Verifies whether ids with reserved characters can stand in a path, percent-encoded. */
import { z } from 'zod';
import { compoundId } from '../klaviyo/existing-records.ts';
import { newItem, removeItem, removeItemsByJob } from './catalog-records.ts';
import { ForbiddenError } from './errors.ts';
import { createInKlaviyo, failureError, hasStatus, requestKlaviyo } from './klaviyo-requests.ts';
import { asExpected, type LiveCheck, type LiveCheckContext } from './live-check.ts';

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
    await expectReadable(context);
    const refused: string[] = [];
    const onlyByJob = new Set<string>();
    context.cleanup.add({
      name: `catalog items ${Object.values(suffixes)
        .map((suffix) => `${context.mark}-${suffix}`)
        .join(' ')}`,
      remove: () => (onlyByJob.size === 0 ? Promise.resolve() : removeItemsByJob(context, [...onlyByJob])),
    });
    for (const [character, suffix] of Object.entries(suffixes)) {
      const externalId = `${context.mark}-${suffix}`;
      const id = compoundId(externalId);
      // Until a read by path has succeeded, the item can only be removed by a job.
      onlyByJob.add(externalId);
      await createInKlaviyo(context, { endpoint: 'createItem', body: { data: newItem(externalId) } }).catch(
        (thrown) => {
          if (thrown instanceof ForbiddenError) onlyByJob.delete(externalId);
          throw thrown;
        },
      );
      if (await isReadable(context, id)) {
        onlyByJob.delete(externalId);
        context.cleanup.add({ name: `catalog item ${externalId}`, remove: () => removeItem(context, id) });
      } else refused.push(character);
    }
    const consequence =
      'none: records with such ids are written in bulk bodies, where their ids are not part of a path';
    if (refused.length === 0) report(fact, asExpected('accepted', consequence));
    else report(fact, asExpected(`refused: ${refused.join(' ')}`, consequence));
  },
};

async function isReadable(context: LiveCheckContext, id: string): Promise<boolean> {
  const result = await requestKlaviyo(context, { endpoint: 'getItem', id });
  return result.ok && withId.safeParse(result.body).data?.data.id === id;
}

/** Otherwise an outage would look like refused ids. @throws UnverifiableError */
async function expectReadable(context: LiveCheckContext): Promise<void> {
  const request = { endpoint: 'getItem', id: compoundId(`${context.mark}-missing`) } as const;
  const result = await requestKlaviyo(context, request);
  if (!result.ok && !hasStatus(result.failure, 404)) throw failureError(request, result.failure);
}
