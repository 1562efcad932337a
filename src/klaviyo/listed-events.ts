/** Reads which events Klaviyo lists, by their `unique_id`. */
import { z } from 'zod';
import type { KlaviyoClient } from './api/client.ts';
import type { ApiFailure } from './api/errors.ts';
import type { Lane } from './api/rate-limiter.ts';
import { unknownShape } from './batched-lookup.ts';

/** Klaviyo's filter of `GET /api/events`. https://developers.klaviyo.com/en/reference/get_events */
export interface EventListing {
  filter: string;
  lane: Lane;
  signal: AbortSignal;
}

/** `unique_id` of an event; undefined stands for one without. */
export type ListedEventId = string | undefined;

const eventList = z.object({
  data: z.array(z.object({ attributes: z.object({ event_properties: z.looseObject({ $event_id: z.unknown() }) }) })),
});

/** @yields the ids of each page, or why a page can't be read, and ends then */
export async function* listEventIds(
  client: Pick<KlaviyoClient, 'pages'>,
  { filter, lane, signal }: EventListing,
): AsyncGenerator<ListedEventId[] | { failure: ApiFailure }> {
  const query = { filter, 'fields[event]': 'event_properties', 'page[size]': '1000' };
  for await (const page of client.pages({ endpoint: 'listEvents', query, lane, signal })) {
    const parsed = page.ok ? eventList.safeParse(page.body) : undefined;
    if (!parsed?.success) {
      yield { failure: page.ok ? unknownShape : page.failure };
      return;
    }
    yield parsed.data.data.map(
      ({
        attributes: {
          event_properties: { $event_id: id },
        },
      }) => (typeof id === 'string' ? id : undefined),
    );
  }
}

/** @returns whether an event with this `unique_id` is listed, or why that can't be found out */
export async function isEventListed(
  client: Pick<KlaviyoClient, 'pages'>,
  uniqueId: string,
  listing: EventListing,
): Promise<boolean | { failure: ApiFailure }> {
  for await (const ids of listEventIds(client, listing)) {
    if ('failure' in ids) return ids;
    if (ids.includes(uniqueId)) return true;
  }
  return false;
}
