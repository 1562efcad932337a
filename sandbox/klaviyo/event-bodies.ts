/**
 * Request body schemas of the event endpoints. Like Klaviyo's, they reject unknown fields.
 * https://developers.klaviyo.com/en/reference/create_event, …/bulk_create_events
 */
import { z } from 'zod';
import { checkEventProperties } from './payload-limits.ts';
import { profileAttributes, profileMeta, text } from './profile-fields.ts';

const yearMs = 365 * 24 * 60 * 60 * 1_000;
const earliest = Date.UTC(1991, 0, 1);

const eventTime = z.iso.datetime({ offset: true, local: true }).superRefine((time, ctx) => {
  const at = Date.parse(time);
  if (at < earliest) ctx.addIssue({ code: 'custom', message: 'The time must be after the year 1990.' });
  if (at > Date.now() + yearMs)
    ctx.addIssue({ code: 'custom', message: 'The time can only be up to 1 year in the future.' });
});

const metric = z.strictObject({
  data: z.strictObject({
    type: z.literal('metric'),
    attributes: z.strictObject({
      name: z.string().min(1).max(127, 'The metric name must be less than 128 characters.'),
      service: text,
    }),
  }),
});

const eventAttributes = {
  properties: z.record(z.string(), z.unknown()).superRefine(checkEventProperties),
  time: eventTime.nullish(),
  value: z.number().nullish(),
  value_currency: z
    .string()
    .regex(/^[A-Z]{3}$/, 'Not an ISO 4217 currency code.')
    .nullish(),
  unique_id: z.string().nullish(),
  backfill: z.boolean().nullish(),
  metric,
};

// Identifiers of the profile. The route checks that at least one is present, because `id` is outside the attributes.
const identityAttributes = { ...profileAttributes, anonymous_id: text, _kx: text };

// The single endpoint expects `meta` inside the attributes, the bulk endpoint next to them.
const singleEventProfile = z.strictObject({
  data: z.strictObject({
    type: z.literal('profile'),
    id: text,
    attributes: z.strictObject({ ...identityAttributes, meta: profileMeta.nullish() }),
  }),
});

const bulkEventProfile = z.strictObject({
  data: z.strictObject({
    type: z.literal('profile'),
    id: text,
    attributes: z.strictObject(identityAttributes),
    meta: profileMeta.nullish(),
  }),
});

const event = z.strictObject({
  type: z.literal('event'),
  attributes: z.strictObject({ ...eventAttributes }),
});

/** Maximum number of events per bulk request, across all profiles. */
export const maxEventsPerRequest = 1_000;

export const createEvent = z.strictObject({
  data: z.strictObject({
    type: z.literal('event'),
    attributes: z.strictObject({ ...eventAttributes, profile: singleEventProfile }),
  }),
});

export const bulkCreateEvents = z.strictObject({
  data: z.strictObject({
    type: z.literal('event-bulk-create-job'),
    attributes: z.strictObject({
      'events-bulk-create': z.strictObject({
        data: z.array(
          z.strictObject({
            type: z.literal('event-bulk-create'),
            attributes: z.strictObject({
              backfill: z.boolean().nullish(),
              profile: bulkEventProfile,
              events: z.strictObject({ data: z.array(event) }),
            }),
          }),
        ),
      }),
    }),
  }),
});

export type EventAttributes = z.infer<typeof event>['attributes'];
