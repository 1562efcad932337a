/**
 * In-memory events and metrics, with Klaviyo's deduplication rules.
 * https://developers.klaviyo.com/en/reference/create_event
 */
import { randomUUID } from 'node:crypto';
import type { EventAttributes } from './event-bodies.ts';
import { createIds } from './ids.ts';
import type { Profile } from './profiles.ts';

/** Maximum number of metrics per account. */
export const maxMetrics = 200;

/** Integration of metrics whose events name no other service. */
export const apiIntegration = 'API';

/** `integration`: name of the integration that the metric belongs to. */
export type Metric = { id: string; seq: number; name: string; integration: string; created: string; updated: string };

export type RecordedEvent = {
  id: string;
  seq: number;
  uuid: string;
  metric: Metric;
  profileId: string;
  /** ISO 8601, truncated to the second. */
  time: string;
  value: number | null;
  valueCurrency: string | null;
  uniqueId: string | null;
  properties: Record<string, unknown>;
  backfill: boolean;
  receivedAt: string;
  /** True if received without `backfill`: a real account would trigger flows on this metric. */
  wouldTriggerFlows: boolean;
};

type NewEvent = { profile: Profile; attributes: EventAttributes; backfill: boolean; receivedAt: Date };

export type Events = {
  all(): Iterable<RecordedEvent>;
  count(): number;
  /** Returns the number of events ignored as duplicates. */
  repeats(): number;
  get(id: string): RecordedEvent | undefined;
  metrics(): Iterable<Metric>;
  metric(id: string): Metric | undefined;
  /** Returns how many of these names are new metrics beyond the account limit. */
  metricsOverLimit(names: Iterable<string>): number;
  /** Returns whether an event with this profile, metric and unique_id is recorded. */
  has(profile: Profile, metricName: string, uniqueId: string): boolean;
  /** Records the event and creates its metric on first use. Returns undefined for a duplicate. */
  record(event: NewEvent): RecordedEvent | undefined;
  /** Moves all events of one profile to another, or deletes them if `to` is undefined. */
  move(from: Profile, to: Profile | undefined): void;
};

export function createEvents(): Events {
  const ids = createIds('E', 11);
  const metricIds = createIds('M', 6);
  const metricsByName = new Map<string, Metric>();
  const events = new Map<string, RecordedEvent>();
  const byRepeatKey = new Map<string, RecordedEvent>();
  let seq = 0;
  let repeats = 0;

  function metricNamed(name: string, service: string | null | undefined, now: string): Metric {
    const integration = !service || service === 'api' ? apiIntegration : service;
    const key = integration === apiIntegration ? name : `${name} ${integration}`;
    const known = metricsByName.get(key);
    if (known !== undefined) return known;
    const seq = metricsByName.size + 1;
    const metric = { id: metricIds.next(), seq, name, integration, created: now, updated: now };
    metricsByName.set(key, metric);
    return metric;
  }

  return {
    all: () => events.values(),
    count: () => events.size,
    repeats: () => repeats,
    get: (id) => events.get(id),
    metrics: () => metricsByName.values(),
    metric: (id) => [...metricsByName.values()].find((metric) => metric.id === id),
    metricsOverLimit(names) {
      const added = new Set([...names].filter((name) => !metricsByName.has(name)));
      return added.size === 0 ? 0 : Math.max(0, metricsByName.size + added.size - maxMetrics);
    },
    has: (profile, metricName, uniqueId) => byRepeatKey.has(repeatKey(profile.id, metricName, uniqueId)),
    record({ profile, attributes, backfill, receivedAt }) {
      const time = toSecond(attributes.time ?? receivedAt.toISOString());
      const { name: metricName, service } = attributes.metric.data.attributes;
      // Without a unique_id, Klaviyo deduplicates by profile, metric and second.
      const key = repeatKey(profile.id, metricName, attributes.unique_id ?? time);
      if (byRepeatKey.has(key)) {
        repeats += 1;
        return undefined;
      }
      seq += 1;
      const event: RecordedEvent = {
        id: ids.next(),
        seq,
        uuid: randomUUID(),
        metric: metricNamed(metricName, service, receivedAt.toISOString()),
        profileId: profile.id,
        time,
        value: attributes.value ?? null,
        valueCurrency: attributes.value_currency ?? null,
        uniqueId: attributes.unique_id ?? null,
        properties: attributes.properties,
        backfill,
        receivedAt: receivedAt.toISOString(),
        wouldTriggerFlows: !backfill,
      };
      events.set(event.id, event);
      byRepeatKey.set(key, event);
      if (profile.lastEventAt === undefined || profile.lastEventAt < time) profile.lastEventAt = time;
      return event;
    },
    move(from, to) {
      for (const event of events.values()) {
        if (event.profileId !== from.id) continue;
        byRepeatKey.delete(repeatKey(from.id, event.metric.name, event.uniqueId ?? event.time));
        if (to === undefined) events.delete(event.id);
        else {
          event.profileId = to.id;
          byRepeatKey.set(repeatKey(to.id, event.metric.name, event.uniqueId ?? event.time), event);
        }
      }
    },
  };
}

function repeatKey(profileId: string, metricName: string, uniqueId: string): string {
  return JSON.stringify([profileId, metricName, uniqueId]);
}

function toSecond(time: string): string {
  const seconds = Math.floor(Date.parse(time) / 1_000);
  return new Date(seconds * 1_000).toISOString().replace('.000Z', '+00:00');
}
