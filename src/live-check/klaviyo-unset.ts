/** Verifies whether a bulk import of profiles unsets properties, on which `customer.clearInBulk` depends. */
import { z } from 'zod';
import { bulkUnsetFinding } from '../engine/api-findings.ts';
import { jobCompletes } from './catalog-records.ts';
import { UnverifiableError } from './errors.ts';
import { expectKlaviyo, listKlaviyo } from './klaviyo-requests.ts';
import { asExpected, type LiveCheck, type LiveCheckContext } from './live-check.ts';
import { pollUntil } from './poll.ts';
import { remainingProfile, testProfile } from './test-profile.ts';

const property = 'ctk_live_check';
const profiles = z.looseObject({
  data: z.array(
    z.looseObject({ attributes: z.looseObject({ properties: z.record(z.string(), z.unknown()).nullish() }) }),
  ),
});

export const klaviyoUnset: LiveCheck = {
  title: 'a bulk import that unsets a property',
  facts: [{ name: bulkUnsetFinding, expected: 'either' }],
  creates: [],
  remains: [remainingProfile],
  async run(context, report) {
    await setProperty(context, context.mark);
    const { listingMs } = context.limits;
    const isSet = async () => (await readProperty(context))?.value === context.mark || undefined;
    if (!(await pollUntil(isSet, { maxMs: listingMs, signal: context.signal })))
      throw new UnverifiableError('the property of the test profile is not listed');
    const meta = { patch_properties: { unset: [property] } };
    const data = [{ type: 'profile', attributes: testProfile, meta }];
    const body = { data: { type: 'profile-bulk-import-job', attributes: { profiles: { data } } } };
    const options = { get: 'getProfileImport', signal: context.signal } as const;
    if (!(await jobCompletes(context, { endpoint: 'importProfiles', body }, options)))
      throw new UnverifiableError('the import of the test profile has not completed yet');
    const isUnset = async () => {
      const read = await readProperty(context);
      return (read !== undefined && read.value === undefined) || undefined;
    };
    const applied = (await pollUntil(isUnset, { maxMs: listingMs, signal: context.signal })) ?? false;
    if (!applied) await setProperty(context, null);
    context.signal.throwIfAborted();
    const consequence = applied
      ? 'customer.clearInBulk unsets properties by the bulk import'
      : 'customer.clearInBulk unsets properties by one request for each such profile';
    report(bulkUnsetFinding, asExpected(applied ? 'applied' : 'ignored', consequence));
  },
};

async function setProperty(context: LiveCheckContext, value: string | null): Promise<void> {
  const attributes = { ...testProfile, properties: { [property]: value } };
  const body = { data: { type: 'profile', attributes } };
  await expectKlaviyo(context, { endpoint: 'importProfile', body }, z.unknown());
}

/** @returns undefined if the test profile is not listed */
async function readProperty(context: LiveCheckContext): Promise<{ value: unknown } | undefined> {
  const filter = `equals(external_id,${JSON.stringify(testProfile.external_id)})`;
  const query = { filter, 'fields[profile]': 'properties' };
  const [profile] = await listKlaviyo(context, { endpoint: 'listProfiles', query }, profiles);
  return profile && { value: profile.attributes.properties?.[property] };
}
