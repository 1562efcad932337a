/**
 * Verifies how Klaviyo treats a bulk body with events that it has recorded already. The service verifies the same with its
 * first bulk body (klaviyo/batching/bulk-access.ts) unless the finding of this check is stored.
 */
import { z } from 'zod';
import { repeatedEventsFinding } from '../engine/api-findings.ts';
import type { ApiFailure } from '../klaviyo/api/errors.ts';
import { UnverifiableError } from './errors.ts';
import { failureError, hasStatus, listKlaviyo, requestKlaviyo } from './klaviyo-requests.ts';
import { asExpected, cannotWork, type LiveCheck, type LiveCheckContext, unexpected } from './live-check.ts';
import { durationText, pollUntil } from './poll.ts';
import {
  createTestEvent,
  eventAttributes,
  profileData,
  remainingEvents,
  remainingProfile,
  testMetric,
} from './test-profile.ts';

const namedFact = 'repeated events named by a rejection';
const lagFact = 'time until a new event is listed';
const marginMs = 3_600_000;

const metrics = z.looseObject({
  data: z.array(z.looseObject({ id: z.string(), attributes: z.looseObject({ name: z.string() }) })),
});
export const eventListSchema = z.looseObject({
  data: z.array(
    z.looseObject({
      attributes: z.looseObject({ event_properties: z.looseObject({ $event_id: z.string().optional() }) }),
    }),
  ),
});

export const klaviyoEvents: LiveCheck = {
  title: 'repeated events in a bulk body',
  facts: [
    { name: lagFact, expected: 'less than 180 s' },
    { name: repeatedEventsFinding, expected: 'ignored or rejected' },
    { name: namedFact, expected: 'all' },
  ],
  creates: [],
  remains: [remainingProfile, remainingEvents],
  async run(context, report) {
    const ids = { recorded: [1, 2].map((index) => `${context.mark}-${index}`), added: `${context.mark}-3` };
    for (const id of ids.recorded) await createTestEvent(context, id);
    const startedAt = performance.now();
    const areRecorded = await untilListed(context, ids.recorded);
    const ms = performance.now() - startedAt;
    context.signal.throwIfAborted();
    if (!areRecorded) {
      const consequence = 'events in bulk bodies cannot be verified, so that they are sent one by one';
      report(lagFact, unexpected(`more than ${durationText(ms)}`, consequence));
      throw new UnverifiableError('the events that were sent singly are not listed');
    }
    report(lagFact, asExpected(durationText(ms), 'the first bulk body of events waits about as long'));
    const failure = await sendInBulk(context, [...ids.recorded, ids.added]);
    if (failure) {
      // Else something that the bodies have in common is rejected.
      if (await sendInBulk(context, [ids.added]))
        throw new UnverifiableError('a bulk body without repeated events is rejected as well');
      reportRejection(failure, ids.recorded.length, report);
      return;
    }
    const isAdded = await untilListed(context, [ids.added]);
    context.signal.throwIfAborted();
    report(namedFact, asExpected('not rejected', 'none'));
    report(repeatedEventsFinding, await judgeAccepted(context, ids, isAdded));
  },
};

async function judgeAccepted(context: LiveCheckContext, ids: { recorded: string[] }, isAdded: boolean) {
  if (!isAdded)
    return unexpected(
      'lost',
      'events are sent one by one: 3,500 a minute instead of 150,000. Verified again after a week',
    );
  const listed = await listedIds(context);
  const isTwice = ids.recorded.some((id) => listed.filter((each) => each === id).length > 1);
  if (isTwice) return cannotWork('recorded twice', 'a repeated sync counts orders twice: ask Klaviyo before one');
  return asExpected('ignored', 'events are sent in bulk bodies from the start');
}

function reportRejection(failure: ApiFailure, repeatedCount: number, report: Parameters<LiveCheck['run']>[1]): void {
  if (failure.type !== 'rejected') return;
  const consequence =
    'events are sent in bulk bodies from the start; a rejected body is sent again without the repeated ones';
  report(repeatedEventsFinding, asExpected('rejected', consequence));
  const named = new Set(failure.errors.map(({ pointer }) => pointer)).size;
  if (named >= repeatedCount) report(namedFact, asExpected('all', 'a rejected body is sent again once'));
  else
    report(
      namedFact,
      unexpected(
        `${named} of ${repeatedCount}`,
        'a rejected body is split, which takes more requests in a repeated sync',
      ),
    );
}

/** @returns the rejection, or undefined if the body was accepted. @throws UnverifiableError for any other failure */
async function sendInBulk(context: LiveCheckContext, uniqueIds: readonly string[]): Promise<ApiFailure | undefined> {
  const data = uniqueIds.map((id) => ({ type: 'event', attributes: eventAttributes(context, id) }));
  const group = {
    type: 'event-bulk-create',
    attributes: { profile: { data: profileData }, events: { data } },
  };
  const attributes = { 'events-bulk-create': { data: [group] } };
  const request = { endpoint: 'createEvents', body: { data: { type: 'event-bulk-create-job', attributes } } } as const;
  const result = await requestKlaviyo(context, request);
  if (result.ok) return undefined;
  if (!hasStatus(result.failure, 400)) throw failureError(request, result.failure);
  return result.failure;
}

async function untilListed(context: LiveCheckContext, uniqueIds: readonly string[]): Promise<boolean> {
  const areListed = async () => {
    const listed = new Set(await listedIds(context));
    return uniqueIds.every((id) => listed.has(id)) || undefined;
  };
  return (await pollUntil(areListed, { maxMs: context.limits.listingMs, signal: context.signal })) ?? false;
}

/** @returns the unique ids of the recent test events. @throws UnverifiableError */
async function listedIds(context: LiveCheckContext): Promise<string[]> {
  const metricId = await metricIdOfTestEvents(context);
  if (metricId === undefined) return [];
  const since = new Date(context.now().getTime() - marginMs).toISOString();
  const filter = `equals(metric_id,"${metricId}"),greater-or-equal(datetime,${since})`;
  const query = { filter, 'fields[event]': 'event_properties', 'page[size]': '1000' };
  const listed = await listKlaviyo(context, { endpoint: 'listEvents', query }, eventListSchema);
  return listed.flatMap(({ attributes }) => attributes.event_properties.$event_id ?? []);
}

/** @returns undefined while the test metric has no event. @throws UnverifiableError */
export async function metricIdOfTestEvents(context: LiveCheckContext): Promise<string | undefined> {
  const known = await listKlaviyo(context, { endpoint: 'listMetrics' }, metrics);
  return known.find(({ attributes }) => attributes.name === testMetric)?.id;
}
