/** Reads the consent, lists and events of a profile, which show whether it belongs to more than one order. */
import { z } from 'zod';
import { LookupUnavailable } from '../lib/errors.ts';
import type { KlaviyoClient } from './api/client.ts';
import type { ApiFailure } from './api/errors.ts';
import { never, unknownShape } from './batched-lookup.ts';
import { type ListedEventId, listEventIds } from './listed-events.ts';

export interface ProfileDetails {
  id: string;
  /** ISO 8601. */
  created: string;
  hasExternalId: boolean;
  hasPhone: boolean;
  /** Whether the person ever answered for any channel, or is suppressed. */
  hasConsent: boolean;
  isOnList: boolean;
  /** Of its latest events. */
  eventIds: readonly ListedEventId[];
  /** It has more events than those: far more than one order has. */
  hasMoreEvents: boolean;
}

type LatestEvents = Pick<ProfileDetails, 'eventIds' | 'hasMoreEvents'>;

/** A page has a thousand. */
const maxEventPages = 2;

/** @returns undefined if the profile is gone, 'forbidden' without a scope. Rejects with LookupUnavailable */
export type ReadProfileDetails = (profileId: string) => Promise<ProfileDetails | undefined | 'forbidden'>;

const text = z.string().nullish();
const profileSchema = z.object({
  data: z.object({
    id: z.string(),
    attributes: z.object({
      created: z.string(),
      external_id: text,
      phone_number: text,
      subscriptions: z.record(z.string(), z.unknown()),
    }),
    relationships: z.object({ lists: z.object({ data: z.array(z.unknown()) }) }),
  }),
});

export function createProfileDetails(client: KlaviyoClient): ReadProfileDetails {
  async function latestEventsOf(profileId: string): Promise<LatestEvents | { failure: ApiFailure }> {
    const filter = `equals(profile_id,"${profileId}")`;
    const eventIds: ListedEventId[] = [];
    let pages = 0;
    for await (const page of listEventIds(client, { filter, lane: 'realtime', signal: never })) {
      if ('failure' in page) return page;
      pages += 1;
      if (pages > maxEventPages) return { eventIds, hasMoreEvents: true };
      eventIds.push(...page);
    }
    return { eventIds, hasMoreEvents: false };
  }

  return async (id) => {
    const query = { 'additional-fields[profile]': 'subscriptions', include: 'lists' };
    const [read, events] = await Promise.all([
      client.call({ endpoint: 'getProfile', id, query, lane: 'realtime', signal: never }),
      latestEventsOf(id),
    ]);
    if (!read.ok && read.failure.type === 'rejected' && read.failure.status === 404) return undefined;
    const parsed = read.ok ? profileSchema.safeParse(read.body) : undefined;
    if (!parsed?.success) return orForbidden(read.ok ? unknownShape : read.failure);
    if ('failure' in events) return orForbidden(events.failure);
    const { attributes, relationships } = parsed.data.data;
    return {
      id,
      created: attributes.created,
      hasExternalId: Boolean(attributes.external_id),
      hasPhone: Boolean(attributes.phone_number),
      hasConsent: hasConsent(attributes.subscriptions),
      isOnList: relationships.lists.data.length > 0,
      ...events,
    };
  };
}

function orForbidden(failure: ApiFailure): 'forbidden' {
  if (failure.type === 'forbidden') return failure.type;
  throw new LookupUnavailable(failure.type === 'rejected' ? `Klaviyo answered ${failure.status}` : failure.reason);
}

/** Looks at every channel: a consent other than NEVER_SUBSCRIBED, or an entry of any list of suppressions. */
function hasConsent(channel: unknown): boolean {
  if (typeof channel !== 'object' || channel === null) return false;
  return Object.entries(channel).some(([name, value]) => {
    if (name === 'consent') return value !== 'NEVER_SUBSCRIBED';
    return Array.isArray(value) ? value.length > 0 : hasConsent(value);
  });
}
