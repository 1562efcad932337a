/**
 * Request body schemas of the subscribe and unsubscribe jobs.
 * https://developers.klaviyo.com/en/reference/bulk_subscribe_profiles
 */
import { z } from 'zod';
import { emailText, phoneText, text } from './profile-fields.ts';

const maxSubscribed = 1_000;
const maxUnsubscribed = 100;

const profile = z.literal('profile');

const consent = z.strictObject({
  consent: z.literal('SUBSCRIBED'),
  consented_at: z.iso.datetime({ offset: true, local: true }).nullish(),
});
const noConsent = z.strictObject({ consent: z.literal('UNSUBSCRIBED') });

const pushToken = z.strictObject({
  token: z.string(),
  platform: z.enum(['android', 'ios']),
  vendor: z.enum(['apns', 'fcm']),
  enablement_status: z.enum(['AUTHORIZED', 'DENIED', 'NOT_DETERMINED', 'PROVISIONAL', 'UNAUTHORIZED']).nullish(),
  background: z.enum(['AVAILABLE', 'DENIED', 'RESTRICTED']).nullish(),
  device_metadata: z
    .strictObject({
      device_id: text,
      klaviyo_sdk: z.enum(['android', 'flutter', 'flutter_community', 'react_native', 'swift']).nullish(),
      sdk_version: text,
      device_model: text,
      os_name: z.enum(['android', 'ios', 'ipados', 'macos', 'tvos']).nullish(),
      os_version: text,
      manufacturer: text,
      app_name: text,
      app_version: text,
      app_build: text,
      app_id: text,
      environment: z.enum(['debug', 'release']).nullish(),
    })
    .nullish(),
});

const list = z
  .strictObject({
    list: z.strictObject({ data: z.strictObject({ type: z.literal('list'), id: z.string() }).optional() }).optional(),
  })
  .optional();

const subscribedChannels = z.strictObject({
  email: z
    .strictObject({
      marketing: consent.nullish(),
      open_tracking: z.strictObject({ consent: z.literal('SUBSCRIBED') }).nullish(),
    })
    .nullish(),
  sms: z.strictObject({ marketing: consent.nullish(), transactional: consent.nullish() }).nullish(),
  whatsapp: z.strictObject({ marketing: consent.nullish(), transactional: consent.nullish() }).nullish(),
  push: z.strictObject({ marketing: consent, tokens: z.array(pushToken).nullish(), anonymous_id: text }).nullish(),
});

export const bulkSubscribeProfiles = z.strictObject({
  data: z.strictObject({
    type: z.literal('profile-subscription-bulk-create-job'),
    attributes: z.strictObject({
      custom_source: text,
      profiles: z.strictObject({
        data: z
          .array(
            z.strictObject({
              type: profile,
              id: text,
              attributes: z.strictObject({
                email: emailText,
                phone_number: phoneText,
                subscriptions: subscribedChannels,
                age_gated_date_of_birth: z.iso.date().nullish(),
              }),
            }),
          )
          .min(1)
          .max(maxSubscribed, 'At most 1,000 profiles in one request.'),
      }),
      historical_import: z.boolean().nullish(),
    }),
    relationships: list,
  }),
});

const unsubscribedChannels = z.strictObject({
  email: z.strictObject({ marketing: noConsent.nullish(), open_tracking: noConsent.nullish() }).nullish(),
  sms: z.strictObject({ marketing: noConsent.nullish(), transactional: noConsent.nullish() }).nullish(),
  whatsapp: z
    .strictObject({
      marketing: noConsent.nullish(),
      transactional: noConsent.nullish(),
      conversational: noConsent.nullish(),
    })
    .nullish(),
  push: z.strictObject({ marketing: noConsent, tokens: z.array(pushToken) }).nullish(),
});

export const bulkUnsubscribeProfiles = z.strictObject({
  data: z.strictObject({
    type: z.literal('profile-subscription-bulk-delete-job'),
    attributes: z.strictObject({
      profiles: z.strictObject({
        data: z
          .array(
            z.strictObject({
              type: profile,
              attributes: z.strictObject({
                email: emailText,
                phone_number: phoneText,
                subscriptions: unsubscribedChannels,
              }),
            }),
          )
          .min(1)
          .max(maxUnsubscribed, 'At most 100 profiles in one request.'),
      }),
    }),
    relationships: list,
  }),
});
