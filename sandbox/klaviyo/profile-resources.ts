/** Serializes profiles. */
import type { Profile } from './profiles.ts';
import { parameter } from './query.ts';
import { type JsonApiResource, type ResourceContext, relationship, relationshipLinks, resource } from './resources.ts';
import { inMicroseconds, inSeconds } from './times.ts';

/**
 * What a response shows a profile for. Reads name the relationship `conversations`, all others `conversation`; writes
 * have times with microseconds, `created` only in the response that creates.
 */
export type ProfileShownFor = 'create' | 'update' | 'read' | 'include';

export function profileResource(
  profile: Profile,
  context: ResourceContext,
  shownFor: ProfileShownFor,
): JsonApiResource {
  const { identifiers, details, created, updated } = profile;
  const ref = { type: 'profile', path: 'profiles', id: profile.id };
  const written = shownFor === 'create' || shownFor === 'update';
  const attributes = {
    email: identifiers.email ?? null,
    phone_number: identifiers.phone_number ?? null,
    external_id: identifiers.external_id ?? null,
    anonymous_id: identifiers.anonymous_id ?? null,
    whatsapp_bsuid: null,
    first_name: details.first_name ?? null,
    last_name: details.last_name ?? null,
    organization: details.organization ?? null,
    locale: details.locale ?? null,
    title: details.title ?? null,
    image: details.image ?? null,
    created: shownFor === 'create' ? inMicroseconds(created) : inSeconds(created),
    updated: written ? inMicroseconds(updated) : inSeconds(updated),
    last_event_date: profile.lastEventAt ?? null,
    location: { ...noLocation, ...profile.location },
    properties: profile.properties,
  };
  const shown = resource(context, ref, attributes);
  const named = ['lists', 'segments', 'push-tokens'] as const;
  const conversation = shownFor === 'read' ? 'conversations' : 'conversation';
  return {
    ...shown,
    // Additional fields are shown beside the sparse ones.
    attributes: { ...shown.attributes, ...additionalFields(profile, context) },
    relationships: {
      ...Object.fromEntries(
        named.map((name) => [name, relationship(context, ref, name, () => (name === 'lists' ? listsOf(profile) : []))]),
      ),
      [conversation]: relationshipLinks(context, ref, conversation),
    },
  };
}

function listsOf({ lists }: Profile) {
  return [...lists].map((id) => ({ type: 'list', id }));
}

function additionalFields(profile: Profile, { query }: ResourceContext): Record<string, unknown> {
  const names = parameter(query, 'additional-fields[profile]')?.split(',') ?? [];
  return {
    ...(names.includes('subscriptions') ? { subscriptions: subscriptionsOf(profile) } : {}),
    ...(names.includes('predictive_analytics') ? { predictive_analytics: noPredictions } : {}),
  };
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

const noPredictions = {
  historic_number_of_orders: null,
  predicted_number_of_orders: null,
  average_days_between_orders: null,
  average_order_value: null,
  historic_clv: null,
  predicted_clv: null,
  total_clv: null,
  churn_probability: null,
  expected_date_of_next_order: null,
  ranked_channel_affinity: null,
};

const noTracking = {
  consent: 'NEVER_SUBSCRIBED',
  consent_timestamp: null,
  last_updated: null,
  created_timestamp: null,
  metadata: null,
  can_receive: false,
  valid_until: null,
};

const noMethod = { method: null, method_detail: null };

function subscriptionsOf({ consents }: Profile) {
  const consentOf = (name: string) => {
    const given = consents[name];
    return {
      consent: given?.consent ?? 'NEVER_SUBSCRIBED',
      consent_timestamp: given?.timestamp ?? null,
      last_updated: given?.timestamp ?? null,
    };
  };
  const isSubscribed = (name: string) => consents[name]?.consent === 'SUBSCRIBED';
  const { last_updated: _pushUpdated, ...push } = consentOf('push.marketing');
  return {
    email: {
      marketing: {
        can_receive_email_marketing: consents['email.marketing']?.consent !== 'UNSUBSCRIBED',
        ...consentOf('email.marketing'),
        ...noMethod,
        custom_method_detail: null,
        double_optin: null,
        suppression: [],
        list_suppressions: [],
      },
      open_tracking: noTracking,
      click_tracking: noTracking,
    },
    sms: {
      marketing: {
        can_receive_sms_marketing: isSubscribed('sms.marketing'),
        ...consentOf('sms.marketing'),
        ...noMethod,
      },
      transactional: {
        can_receive_sms_transactional: isSubscribed('sms.transactional'),
        ...consentOf('sms.transactional'),
        ...noMethod,
      },
    },
    mobile_push: { marketing: { can_receive_push_marketing: isSubscribed('push.marketing'), ...push } },
    whatsapp: null,
  };
}
