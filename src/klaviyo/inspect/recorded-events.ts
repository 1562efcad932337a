/** Reads which events Klaviyo has recorded for a profile, by metric, to compare them with what an order should have. */
import { z } from 'zod';
import type { KlaviyoClient } from '../api/client.ts';
import type { ApiFailure } from '../api/errors.ts';
import { createMetricIds } from '../metric-ids.ts';

export interface RecordedEvent {
  metric: string;
  /** `unique_id` of the event, if it has one. */
  uniqueId?: string;
  /** Time of the event, ISO 8601. */
  datetime: string;
}

/** @returns the events of the metrics, or why they could not be read */
export type ReadRecordedEvents = (
  profileId: string,
  metrics: readonly string[],
) => Promise<RecordedEvent[] | { problem: string }>;

const eventList = z.object({
  data: z.array(
    z.object({
      attributes: z.object({ datetime: z.string(), event_properties: z.looseObject({ $event_id: z.unknown() }) }),
    }),
  ),
});
/** A thousand events each. */
const maxPages = 3;
const timeoutMs = 15_000;

export function createRecordedEvents(client: KlaviyoClient): ReadRecordedEvents {
  const idOfMetric = createMetricIds(client);

  async function ofMetric(profileId: string, metric: string): Promise<RecordedEvent[] | { problem: string }> {
    const options = { lane: 'realtime', signal: AbortSignal.timeout(timeoutMs) } as const;
    const metricId = await idOfMetric(metric, options);
    if (typeof metricId === 'object') return { problem: describeFailure(metricId.failure) };
    if (metricId === 'none') return [];
    const filter = `equals(profile_id,"${profileId}"),equals(metric_id,"${metricId}")`;
    const query = { filter, 'fields[event]': 'event_properties,datetime', sort: '-datetime', 'page[size]': '1000' };
    const events: RecordedEvent[] = [];
    let pages = 0;
    for await (const page of client.pages({ endpoint: 'listEvents', query, ...options })) {
      if (!page.ok) return { problem: describeFailure(page.failure) };
      const listed = eventsOf(page.body, metric);
      if (!listed) return { problem: 'Klaviyo listed events in an unknown shape' };
      events.push(...listed);
      pages += 1;
      if (pages === maxPages) break;
    }
    return events;
  }

  return async (profileId, metrics) => {
    const lists = await Promise.all([...new Set(metrics)].map((metric) => ofMetric(profileId, metric)));
    const failed = lists.find((list) => 'problem' in list);
    return failed ?? lists.flatMap((list) => ('problem' in list ? [] : list));
  };
}

/** @returns undefined for a body in an unknown shape */
function eventsOf(body: unknown, metric: string): RecordedEvent[] | undefined {
  const parsed = eventList.safeParse(body);
  if (!parsed.success) return undefined;
  return parsed.data.data.map(({ attributes: { datetime, event_properties: properties } }) => {
    const uniqueId = properties.$event_id;
    return { metric, datetime, ...(typeof uniqueId === 'string' ? { uniqueId } : {}) };
  });
}

function describeFailure(failure: ApiFailure): string {
  return failure.type === 'rejected' ? `Klaviyo answered ${failure.status}` : failure.reason;
}
