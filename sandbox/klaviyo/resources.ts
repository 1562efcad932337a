/** Serializes records as JSON:API resources, in the shapes of Klaviyo's API reference. */
import type { Category, Item, Variant } from './catalog-records.ts';
import type { Metric, RecordedEvent } from './events.ts';
import type { Job } from './jobs.ts';
import type { Profile } from './profiles.ts';
import { type Query, sparse } from './query.ts';

export type JsonApiResource = {
  type: string;
  id: string;
  attributes: Record<string, unknown>;
  relationships?: Record<string, unknown>;
  links: { self: string };
};

/** Serialization options of a request: base URL of the links, and query parameters (sparse fieldsets). */
export type ResourceContext = { origin: string; query: Query };

export function profileResource(profile: Profile, context: ResourceContext): JsonApiResource {
  const { identifiers, details } = profile;
  const additional = String(context.query['additional-fields[profile]'] ?? '');
  return resource(
    context,
    { type: 'profile', path: 'profiles', id: profile.id },
    {
      email: identifiers.email ?? null,
      phone_number: identifiers.phone_number ?? null,
      external_id: identifiers.external_id ?? null,
      first_name: details.first_name ?? null,
      last_name: details.last_name ?? null,
      organization: details.organization ?? null,
      locale: details.locale ?? null,
      title: details.title ?? null,
      image: details.image ?? null,
      created: profile.created,
      updated: profile.updated,
      last_event_date: profile.lastEventAt ?? null,
      location: { ...noLocation, ...profile.location },
      properties: profile.properties,
      ...(additional.includes('subscriptions') ? { subscriptions: subscriptionsOf(profile) } : {}),
    },
  );
}

const noLocation = {
  address1: null,
  address2: null,
  city: null,
  country: null,
  latitude: null,
  longitude: null,
  region: null,
  zip: null,
  timezone: null,
  ip: null,
};

function subscriptionsOf({ consents }: Profile) {
  const email = consents['email.marketing'];
  const sms = consents['sms.marketing'];
  return {
    email: {
      marketing: {
        can_receive_email_marketing: email?.consent !== 'UNSUBSCRIBED',
        consent: email?.consent ?? 'NEVER_SUBSCRIBED',
        consent_timestamp: email?.timestamp ?? null,
      },
    },
    sms: {
      marketing: {
        can_receive_sms_marketing: sms?.consent === 'SUBSCRIBED',
        consent: sms?.consent ?? 'NEVER_SUBSCRIBED',
        consent_timestamp: sms?.timestamp ?? null,
      },
    },
  };
}

export function eventResource(event: RecordedEvent, context: ResourceContext): JsonApiResource {
  const attributes = {
    timestamp: Date.parse(event.time) / 1_000,
    event_properties: {
      ...event.properties,
      ...(event.value === null ? {} : { $value: event.value }),
      ...(event.valueCurrency === null ? {} : { $currency_code: event.valueCurrency }),
      ...(event.uniqueId === null ? {} : { $event_id: event.uniqueId }),
    },
    datetime: event.time,
    uuid: event.uuid,
  };
  return {
    ...resource(context, { type: 'event', path: 'events', id: event.id }, attributes),
    relationships: {
      profile: { data: { type: 'profile', id: event.profileId } },
      metric: { data: { type: 'metric', id: event.metric.id } },
    },
  };
}

export function metricResource(metric: Metric, context: ResourceContext): JsonApiResource {
  const { name, created, updated } = metric;
  const integration = { object: 'integration', id: 'sandbox', key: 'api', name: 'API', category: 'API' };
  return resource(context, { type: 'metric', path: 'metrics', id: metric.id }, { name, created, updated, integration });
}

export function itemResource(item: Item, context: ResourceContext): JsonApiResource {
  const { id, seq: _seq, categoryIds: _categories, variantIds, ...attributes } = item;
  return {
    ...resource(context, { type: 'catalog-item', path: 'catalog-items', id }, attributes),
    relationships: { variants: { data: [...variantIds].map((variant) => ({ type: 'catalog-variant', id: variant })) } },
  };
}

export function variantResource(variant: Variant, context: ResourceContext): JsonApiResource {
  const { id, seq: _seq, itemId, ...attributes } = variant;
  return {
    ...resource(context, { type: 'catalog-variant', path: 'catalog-variants', id }, attributes),
    relationships: { item: { data: { type: 'catalog-item', id: itemId } } },
  };
}

export function categoryResource(category: Category, context: ResourceContext): JsonApiResource {
  const { external_id, name, updated } = category;
  return resource(
    context,
    { type: 'catalog-category', path: 'catalog-categories', id: category.id },
    { external_id, name, updated },
  );
}

/**
 * Returns the resource of a job with its counts. `extra` adds catalog job errors or the start time of a profile import.
 */
export function jobResource(job: Job, context: ResourceContext, extra: Record<string, unknown>): JsonApiResource {
  return resource(
    context,
    { type: job.type, path: `${job.type}s`, id: job.id },
    {
      status: job.status,
      created_at: job.createdAt,
      total_count: job.total,
      completed_count: job.completed,
      failed_count: job.failures.length,
      completed_at: job.completedAt,
      expires_at: new Date(Date.parse(job.createdAt) + 7 * 24 * 60 * 60 * 1_000).toISOString(),
      ...extra,
    },
  );
}

/**
 * Builds a resource. `ref.path` is the collection in its self link; `fields[…]` of the request filters the attributes.
 */
export function resource(
  context: ResourceContext,
  ref: { type: string; path: string; id: string },
  attributes: Record<string, unknown>,
): JsonApiResource {
  return {
    type: ref.type,
    id: ref.id,
    attributes: sparse(context.query, ref.type, attributes),
    links: { self: `${context.origin}/api/${ref.path}/${encodeURIComponent(ref.id)}/` },
  };
}
