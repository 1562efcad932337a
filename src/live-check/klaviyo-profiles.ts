/** Verifies whether a filter finds a profile by its e-mail in another case. */
import { z } from 'zod';
import { UnverifiableError } from './errors.ts';
import { listKlaviyo } from './klaviyo-requests.ts';
import { asExpected, type LiveCheck, type LiveCheckContext } from './live-check.ts';
import { durationText, pollUntil } from './poll.ts';
import { ensureTestProfile, remainingProfile, testProfile } from './test-profile.ts';

const fact = 'case of an e-mail in a filter';
const profiles = z.looseObject({ data: z.array(z.looseObject({ id: z.string() })) });

export const klaviyoProfiles: LiveCheck = {
  title: 'lookups of profiles',
  facts: [{ name: fact, expected: 'either' }],
  creates: [],
  remains: [remainingProfile],
  async run(context, report) {
    await ensureTestProfile(context);
    const { listingMs } = context.limits;
    const isListed = await pollUntil(async () => (await countOf(context, testProfile.email)) > 0 || undefined, {
      maxMs: listingMs,
      signal: context.signal,
    });
    context.signal.throwIfAborted();
    if (!isListed) throw new UnverifiableError(`the test profile is not listed after ${durationText(listingMs)}`);
    const isIgnored = (await countOf(context, testProfile.email.toUpperCase())) > 0;
    const consequence = 'none: profiles are looked up by both spellings, as it is and in lower case';
    report(fact, asExpected(isIgnored ? 'ignored' : 'significant', consequence));
  },
};

async function countOf(context: LiveCheckContext, email: string): Promise<number> {
  const query = { filter: `equals(email,${JSON.stringify(email)})`, 'fields[profile]': 'email' };
  return (await listKlaviyo(context, { endpoint: 'listProfiles', query }, profiles)).length;
}
