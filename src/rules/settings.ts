/** What a merchant may tune about the mapping, with its defaults. Names are the incumbent's where it has one. */
import { z } from 'zod';

export const disabledEventNames = [
  'CustomerCreated',
  'CustomerResourceUpdated',
  'OrderCreated',
  'OrderStateChanged',
  'OrderRefunded',
  'CategoryCreated',
  'CategoryResourceUpdated',
  'CategoryResourceDeleted',
  'ProductPublished',
  'ProductUnpublished',
  'ProductResourceDeleted',
  'InventoryResourceUpdated',
  /** Accepted without effect, as ever. */
  'CustomerCompanyNameSet',
] as const;
export type DisabledEvent = (typeof disabledEventNames)[number];

const texts = (...defaults: string[]) => z.array(z.string()).default(defaults);

/** Top-level names: an empty `include` means all, `exclude` wins, `map` renames. */
const propertyFilter = {
  include: texts().describe('top-level names to send; empty: all'),
  exclude: texts().describe('names never to send; wins over include'),
  map: z.record(z.string(), z.string()).default({}).describe('old name to new name'),
};
export interface PropertyFilter {
  include: string[];
  exclude: string[];
  map: Record<string, string>;
}

const disabledEvent = z.string().trim().pipe(z.enum(disabledEventNames));

export const ruleSettingsSchema = z.strictObject({
  disabledEvents: z.array(disabledEvent).default([]).describe('what is not synced in realtime'),
  order: z
    .strictObject({
      states: z
        .strictObject({
          created: z
            .strictObject({ placedOrder: texts('Open').describe('states in which a new order counts as placed') })
            .prefault({}),
          changed: z
            .strictObject({
              cancelledOrder: texts('Cancelled').describe('states that cancel; wins over fulfilledOrder'),
              fulfilledOrder: texts('Confirmed', 'Complete').describe('states that fulfil'),
            })
            .prefault({}),
        })
        .prefault({}),
      messages: z
        .strictObject({
          created: texts(
            'OrderCreated',
            'OrderImported',
            'OrderCustomerSet',
            'OrderCreatedFromRecurringOrder',
          ).describe('messages that place an order'),
          changed: texts('OrderStateChanged').describe('messages that fulfil or cancel'),
        })
        .prefault({}),
      metrics: z
        .strictObject({
          placedOrder: z.string().min(1).max(127).default('Placed Order').describe('metric name'),
          orderedProduct: z.string().min(1).max(127).default('Ordered Product').describe('metric name'),
          fulfilledOrder: z.string().min(1).max(127).default('Fulfilled Order').describe('metric name'),
          cancelledOrder: z.string().min(1).max(127).default('Cancelled Order').describe('metric name'),
          refundedOrder: z.string().min(1).max(127).default('Refunded Order').describe('metric name'),
        })
        .prefault({}),
      properties: z
        .strictObject({
          ...propertyFilter,
          klaviyoNames: z.boolean().default(true).describe("send Klaviyo's own names (OrderId, Items, …)"),
          raw: z.boolean().default(true).describe("send commercetools' own fields"),
        })
        .prefault({}),
      customFields: z.strictObject({ properties: z.strictObject(propertyFilter).prefault({}) }).prefault({}),
      valueCurrency: z.boolean().default(true).describe('send value_currency'),
      profileLocation: z
        .enum(['always', 'created', 'never'])
        .default('always')
        .describe('which realtime order events carry the billing address as the location of the profile'),
      reasonField: z.string().default('').describe('custom field that holds the reason of a cancellation or refund'),
      backfillAfterDays: z.number().min(0).default(7).describe('realtime events older than this wake no flow'),
    })
    .prefault({}),
  customer: z
    .strictObject({
      customFields: z.strictObject({ properties: z.strictObject(propertyFilter).prefault({}) }).prefault({}),
      deduplication: z
        .strictObject({ enabled: z.boolean().default(false).describe("look for the e-mail's profile first") })
        .prefault({}),
      messages: z.strictObject({ addressChanged: texts().describe('accepted without effect') }).prefault({}),
      clearEmpty: z.boolean().default(false).describe('clear name fields that are empty in commercetools'),
      identityConflict: z
        .enum(['email', 'merge', 'reject'])
        .default('email')
        .describe('when e-mail and id belong to different profiles'),
    })
    .prefault({}),
  payment: z
    .strictObject({
      messages: z
        .strictObject({
          transactionAdded: texts('PaymentTransactionAdded').describe('messages that may refund'),
          transactionChanged: texts('PaymentTransactionStateChanged').describe('messages that may refund'),
        })
        .prefault({}),
      states: z
        .strictObject({ validTransactionStates: texts('Success').describe('states in which a refund counts') })
        .prefault({}),
    })
    .prefault({}),
  category: z
    .strictObject({
      messages: z
        .strictObject({ created: texts('CategoryCreated').describe('messages that create a category') })
        .prefault({}),
    })
    .prefault({}),
  product: z
    .strictObject({
      messages: z
        .strictObject({
          published: texts('ProductPublished').describe('messages that publish an item'),
          deleted: texts('ProductUnpublished').describe('messages that delete an item'),
        })
        .prefault({}),
      inventory: z
        .strictObject({
          useChannelInventory: z.string().default('').describe('id of the supply channel whose stock counts'),
          policy: z
            .union([z.literal(0), z.literal(1), z.literal(2)])
            .optional()
            .describe('inventory_policy of every variant; unset: 1, and 2 for what has no inventory entry'),
        })
        .prefault({}),
      price: z
        .strictObject({
          channel: z.string().default('').describe('id of the channel whose prices come first'),
          country: z.string().default('').describe('ISO country whose prices come first'),
          discounted: z.boolean().default(true).describe('send the discounted price where there is one'),
        })
        .prefault({}),
      noDescription: z.string().default('').describe('text for an item without description'),
      brandAttribute: z.string().default('brand').describe('product attribute that holds the brand'),
    })
    .prefault({}),
});

/** The merchant's settings plus the three that come from the environment. */
export interface RuleSettings extends z.infer<typeof ruleSettingsSchema> {
  /** PREFERRED_LOCALE: a tag such as en-US, or empty. */
  preferredLocale: string;
  /** PREFERRED_CURRENCY: ISO 4217, or empty. */
  preferredCurrency: string;
  /** PRODUCT_URL_TEMPLATE: every {{productSlug}} is replaced; or empty. */
  productUrlTemplate: string;
}

/** The settings of a merchant who set nothing. */
export function defaultSettings(): RuleSettings {
  return { ...ruleSettingsSchema.parse({}), preferredLocale: '', preferredCurrency: '', productUrlTemplate: '' };
}

/** Categories are off when none of their events is wanted: then items are not linked to any. */
export function categoriesAreSynced(settings: Pick<RuleSettings, 'disabledEvents'>): boolean {
  const names: DisabledEvent[] = ['CategoryCreated', 'CategoryResourceUpdated', 'CategoryResourceDeleted'];
  return !names.every((name) => settings.disabledEvents.includes(name));
}
