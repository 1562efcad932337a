/** Answer of find: what became of a record. Only `changes` holds personal data; it is there if it was asked for. */
import { z } from 'zod';
import { recordRefSchema } from '../../rules/types.ts';
import { deliveryOutcomes } from '../delivery/delivery-log-page.ts';

export const findableTypes = ['order', 'customer', 'product', 'category', 'cart'] as const;
export type FindableType = (typeof findableTypes)[number];

/** What a record can be found by. */
export const findableBy = 'order number, customer number, e-mail, SKU, key of a product, category or cart, or an id';

const timelineEntry = z.object({
  at: z.string().describe('ISO 8601'),
  source: z
    .enum(['delivery-log', 'dead-letter', 'klaviyo'])
    .describe("klaviyo: an event that Klaviyo has recorded; `at` is the event's own time"),
  subject: z.string().describe("Klaviyo's metric, the kind of record, or the rule"),
  outcome: z.enum([...deliveryOutcomes, 'recorded']),
  count: z.int().optional(),
  reason: z.string().optional(),
  attempt: z.int().optional(),
  messageId: z.string().optional(),
  deadLetterId: z.string().optional(),
  klaviyoErrorId: z.string().optional(),
});
export type TimelineEntry = z.infer<typeof timelineEntry>;

const expectedEvent = z.object({
  metric: z.string(),
  uniqueId: z.string(),
  recorded: z.boolean().optional().describe('Klaviyo has recorded it; absent: not known'),
});

const foundRecord = z.object({
  record: recordRefSchema,
  name: z.string().describe('such as Order 1234'),
  sentence: z.string().describe('what became of it, in one sentence'),
  timeline: z.array(timelineEntry).describe('oldest first'),
  klaviyo: z.object({
    state: z.enum(['present', 'absent', 'unknown']).describe('of its profile, item or category'),
    profileId: z.string().optional(),
    events: z.array(expectedEvent).describe('the events that an order or a cart should have'),
    note: z.string().optional(),
  }),
  skips: z.array(z.string()).describe('why something is not sent'),
  changes: z.array(z.unknown()).optional().describe('with `full`: what would be sent; holds personal data'),
});
export type FoundRecord = z.infer<typeof foundRecord>;

export const foundSchema = z.object({
  matches: z.array(foundRecord),
  more: z.int().describe('records that match too and are not shown'),
  notes: z.array(z.string()).describe('what could not be looked up'),
});
export type FindResult = z.infer<typeof foundSchema>;
