/**
 * Verifies whether events by Klaviyo's own profile id are recorded, singly and in bulk, and whether a list of a profile's
 * events can be limited to a time. The service sends identifiers of the profile until the first is known.
 */
import { z } from 'zod';
import { profileIdAccepted, profileIdFinding } from '../engine/api-findings.ts';
import { UnverifiableError } from './errors.ts';
import { eventListSchema, metricIdOfTestEvents } from './klaviyo-events.ts';
import { failureError, hasStatus, listKlaviyo, requestKlaviyo } from './klaviyo-requests.ts';
import { asExpected, type LiveCheck, type LiveCheckContext, unexpected } from './live-check.ts';
import { durationText, pollUntil } from './poll.ts';
import { ensureTestProfile, eventAttributes, remainingEvents, remainingProfile, testProfile } from './test-profile.ts';

const filterFact = 'events of a profile within a time';
const dayMs = 86_400_000;
const profiles = z.looseObject({ data: z.array(z.looseObject({ id: z.string() })) });

export const klaviyoProfileIds: LiveCheck = {
  title: 'events by profile id',
  facts: [
    { name: profileIdFinding, expected: profileIdAccepted },
    { name: filterFact, expected: 'either' },
  ],
  creates: [],
  remains: [remainingProfile, remainingEvents],
  async run(context, report) {
    await ensureTestProfile(context);
    const profileId = await testProfileId(context);
    const sent = [`${context.mark}-by-id-1`, `${context.mark}-by-id-2`];
    const refusal = await sendById(context, profileId, sent);
    if (refusal) report(profileIdFinding, refused(`refused: ${refusal}`));
    const metricId = await metricIdOfTestEvents(context);
    if (metricId === undefined) return;
    const ofProfile = `equals(profile_id,"${profileId}"),equals(metric_id,"${metricId}")`;
    const since = new Date(context.now().getTime() - dayMs).toISOString();
    const isCombined = await acceptsFilter(context, `${ofProfile},greater-or-equal(datetime,${since})`);
    const consequence = 'none: without it all events of the profile and metric are listed';
    report(filterFact, asExpected(isCombined ? 'accepted' : 'refused', consequence));
    if (refusal) return;
    const areListed = async () => {
      const query = { filter: ofProfile, 'fields[event]': 'event_properties', 'page[size]': '1000' };
      const listed = await listKlaviyo(context, { endpoint: 'listEvents', query }, eventListSchema);
      const ids = new Set(listed.map(({ attributes }) => attributes.event_properties.$event_id));
      return sent.every((id) => ids.has(id)) || undefined;
    };
    const { listingMs: maxMs } = context.limits;
    const isRecorded = await pollUntil(areListed, { maxMs, signal: context.signal });
    context.signal.throwIfAborted();
    if (isRecorded) report(profileIdFinding, asExpected(profileIdAccepted, 'events name the profile by its id alone'));
    else report(profileIdFinding, refused(`not listed after ${durationText(maxMs)}`));
  },
};

function refused(found: string) {
  return unexpected(found, 'events name the profile by its identifiers, which another app may give to another profile');
}

async function testProfileId(context: LiveCheckContext): Promise<string> {
  const query = { filter: `equals(email,${JSON.stringify(testProfile.email)})`, 'fields[profile]': 'email' };
  const find = async () => (await listKlaviyo(context, { endpoint: 'listProfiles', query }, profiles))[0]?.id;
  const id = await pollUntil(find, { maxMs: context.limits.listingMs, signal: context.signal });
  context.signal.throwIfAborted();
  if (id === undefined) throw new UnverifiableError('the test profile is not listed');
  return id;
}

/** Sends one event singly and one in bulk. @returns which of them is rejected. @throws UnverifiableError */
async function sendById(context: LiveCheckContext, id: string, [single = '', bulk = '']: string[]) {
  const profile = { data: { type: 'profile', id, attributes: {} } };
  const event = (uniqueId: string) => ({ type: 'event', attributes: eventAttributes(context, uniqueId) });
  const { attributes } = event(single);
  const group = { type: 'event-bulk-create', attributes: { profile, events: { data: [event(bulk)] } } };
  const job = { type: 'event-bulk-create-job', attributes: { 'events-bulk-create': { data: [group] } } };
  const requests = [
    { endpoint: 'createEvent', body: { data: { type: 'event', attributes: { ...attributes, profile } } } },
    { endpoint: 'createEvents', body: { data: job } },
  ] as const;
  for (const request of requests) {
    context.signal.throwIfAborted();
    const result = await requestKlaviyo(context, request);
    if (result.ok) continue;
    if (!hasStatus(result.failure, 400)) throw failureError(request, result.failure);
    return request.endpoint === 'createEvent' ? 'singly' : 'in bulk';
  }
  return undefined;
}

async function acceptsFilter(context: LiveCheckContext, filter: string): Promise<boolean> {
  const request = { endpoint: 'listEvents', query: { filter, 'page[size]': '1' } } as const;
  const result = await requestKlaviyo(context, request);
  if (!result.ok && !hasStatus(result.failure, 400)) throw failureError(request, result.failure);
  return result.ok;
}
