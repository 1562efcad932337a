/** Settings of the mapping with their defaults. Names are those of the open-source plugin where it has the setting. */
import { z } from 'zod';
import { cartSettings } from './cart-settings.ts';
import { messageTypes } from './configured-message-types.ts';
import { propertyFilter, section, texts } from './settings-fields.ts';

export const disabledEventNames = [
  'CustomerCreated',
  'CustomerResourceUpdated',
  'OrderCreated',
  'OrderStateChanged',
  'OrderRefunded',
  'OrderShipment',
  'OrderDelivered',
  'OrderPaid',
  'OrderReturn',
  'CartAddedTo',
  'CartCheckoutStarted',
  'OrderWorkflow',
  'CategoryCreated',
  'CategoryResourceUpdated',
  'CategoryResourceDeleted',
  'ProductPublished',
  'ProductUnpublished',
  'ProductResourceDeleted',
  'InventoryResourceUpdated',
  /** Has no effect; accepted for compatibility with the plugin. */
  'CustomerCompanyNameSet',
] as const;
export type DisabledEvent = (typeof disabledEventNames)[number];

export const metricNames = {
  placedOrder: 'Placed Order',
  orderedProduct: 'Ordered Product',
  fulfilledOrder: 'Fulfilled Order',
  cancelledOrder: 'Cancelled Order',
  refundedOrder: 'Refunded Order',
  confirmedShipment: 'Confirmed Shipment',
  fulfilledPartialOrder: 'Fulfilled Partial Order',
  deliveredShipment: 'Delivered Shipment',
  paidOrder: 'Paid Order',
  returnRequested: 'Return Requested',
  returnReceived: 'Return Received',
  addedToCart: 'Added to Cart',
  startedCheckout: 'Started Checkout',
} as const;
export type MetricKey = keyof typeof metricNames;

/** Off by default: segments of existing accounts may use a property of that name, which another app fills. */
const customerField = (description: string) =>
  z.string().min(1).nullable().default(null).describe(`profile property with ${description}; null: not sent`);

/** Klaviyo accepts metric names of up to 127 characters. An empty name turns the rule off. */
const metricName = (key: MetricKey, name: string = metricNames[key]) =>
  z.string().max(127).default(name).describe(`metric name; empty: no ${metricNames[key]}`);

/** Form in which custom fields are sent. Segments and templates of existing users depend on the raw one. */
const fieldValues = () =>
  z
    .enum(['raw', 'readable'])
    .default('raw')
    .describe(
      'readable: localized fields as text, enums by label, money as a number and <name>_currency, references by name',
    );

const workflowEvent = z.strictObject({
  metric: z.string().min(1).max(127),
  /** A state of orders, or of line items and custom line items. */
  of: z.enum(['order', 'lineItem']).default('order'),
  /** An event each time the state is entered, not only the first time; realtime only. */
  repeat: z.boolean().default(false),
});
export type WorkflowEvent = z.infer<typeof workflowEvent>;

const disabledEvent = z.string().trim().pipe(z.enum(disabledEventNames));

export const ruleSettingsSchema = z.strictObject({
  disabledEvents: z.array(disabledEvent).default([]).describe('events that are not synced in realtime'),
  order: section({
    states: section({
      created: section({ placedOrder: texts('Open').describe('states in which a new order counts as placed') }),
      changed: section({
        cancelledOrder: texts('Cancelled').describe('states that cancel; wins over fulfilledOrder'),
        fulfilledOrder: texts('Confirmed', 'Complete').describe('states that fulfil'),
      }),
      shipped: texts('Shipped').describe('shipment states that fulfil, with order.fulfilled.when: shipmentState'),
      delivered: texts('Delivered').describe('shipment states that deliver'),
      paid: texts('Paid').describe('payment states that pay'),
    }),
    fulfilled: section({
      when: z
        .enum(['state', 'shipmentState', 'delivered'])
        .default('state')
        .describe(
          'what fulfils an order: its state, its shipment state, or deliveries of all pieces of its line items',
        ),
    }),
    workflow: z
      .record(z.string(), workflowEvent)
      .default({})
      .describe('keys of states of your own workflow with the metric of their events; empty: none'),
    messages: section({
      created: messageTypes(
        'OrderCreated',
        'OrderImported',
        'OrderCustomerSet',
        'OrderCreatedFromRecurringOrder',
      ).describe('messages that place an order'),
      changed: messageTypes('OrderStateChanged').describe('messages that fulfil or cancel'),
    }),
    metrics: section({
      placedOrder: metricName('placedOrder'),
      orderedProduct: metricName('orderedProduct'),
      fulfilledOrder: metricName('fulfilledOrder'),
      cancelledOrder: metricName('cancelledOrder'),
      refundedOrder: metricName('refundedOrder'),
      confirmedShipment: metricName('confirmedShipment'),
      fulfilledPartialOrder: metricName('fulfilledPartialOrder'),
      deliveredShipment: metricName('deliveredShipment'),
      paidOrder: metricName('paidOrder', ''),
      returnRequested: metricName('returnRequested'),
      returnReceived: metricName('returnReceived'),
      addedToCart: metricName('addedToCart'),
      startedCheckout: metricName('startedCheckout'),
    }),
    properties: section({
      ...propertyFilter,
      klaviyoNames: z.boolean().default(true).describe("send Klaviyo's own names (OrderId, Items, …)"),
      raw: z.boolean().default(true).describe("send commercetools' own fields"),
      details: z
        .boolean()
        .default(false)
        .describe(
          'with klaviyoNames, also send ShippingCosts, TaxTotal, ShippingMethod, Subtotal, ItemCount, Store, Locale, CustomerGroup, PaymentMethod and OrderStatusUrl',
        ),
    }),
    url: z
      .string()
      .default('')
      .describe(
        "template of OrderStatusUrl with {{orderNumber}}, {{orderId}}, {{language}} or {{locale}}; empty: the store's template, with details",
      ),
    value: z
      .enum(['total', 'gross', 'net', 'klaviyo'])
      .default('total')
      .describe(
        'value of events of the whole order: totalPrice; with tax; without tax; or subtotal plus shipping less discounts',
      ),
    lineValue: z
      .enum(['total', 'list'])
      .default('total')
      .describe('value of Ordered Product: after cart discounts; list: before them'),
    customFields: section({ properties: section(propertyFilter), values: fieldValues() }),
    identity: z
      .enum(['customer', 'order'])
      .default('customer')
      .describe("profile of events: the customer's, or the one with the order's own e-mail and customer id"),
    emailCorrection: z
      .enum(['rename', 'off'])
      .default('rename')
      .describe(
        "when a guest order's e-mail was corrected: its profile gets the new e-mail unless another profile has it",
      ),
    valueCurrency: z.boolean().default(true).describe('send value_currency'),
    profileLocation: z
      .enum(['always', 'created', 'never'])
      .default('always')
      .describe('realtime order events that set the profile location from the billing address'),
    reasonField: z.string().default('').describe('custom field with the reason of a cancellation or refund'),
    backfillAfterDays: z.number().min(0).default(7).describe('realtime events older than this do not trigger flows'),
    importsAreHistory: z.boolean().default(false).describe('imported orders never trigger flows (OrderImported)'),
  }),
  shipments: section({
    when: z
      .enum(['tracking', 'parcel', 'delivery'])
      .default('tracking')
      .describe('Confirmed Shipment for each parcel with a tracking number, for each parcel, or for each delivery'),
    trackingUrls: z
      .record(z.string(), z.string())
      .default({})
      .describe('carrier to URL with {{trackingId}}; "*": every other carrier'),
    shopifyNames: z.boolean().default(false).describe("also send Shopify's names (Tracking Numbers, Item Count, …)"),
  }),
  returns: section({
    requested: texts('Advised').describe('return shipment states that request a return'),
    received: texts('Returned', 'BackInStock', 'Unusable').describe('return shipment states of received items'),
  }),
  carts: section(cartSettings),
  customer: section({
    customFields: section({ properties: section(propertyFilter), values: fieldValues() }),
    fields: section({
      customerGroup: customerField('the name of the customer group'),
      customerGroups: customerField('the names of all customer groups'),
      stores: customerField('the names of the stores'),
      businessUnits: customerField('the names of the business units whose associate the customer is'),
      customerNumber: customerField('the customer number'),
      createdAt: customerField('the time when the customer was created'),
      isEmailVerified: customerField('whether the e-mail is verified'),
      dateOfBirth: customerField('the date of birth'),
      salutation: customerField('the salutation'),
    }),
    deduplication: section({
      enabled: z.boolean().default(false).describe('look up the profile with this e-mail first'),
    }),
    messages: section({ addressChanged: texts().describe('ignored; kept for compatibility') }),
    onErasure: z
      .enum(['ignore', 'request'])
      .default('ignore')
      .describe('when a customer was deleted with dataErasure: do nothing, or request the deletion of the profile'),
    clearEmpty: z
      .boolean()
      .default(false)
      .describe('clear name fields, address and phone that are empty in commercetools'),
    clearInBulk: z
      .boolean()
      .default(false)
      .describe('a sync of customers unsets custom fields that this service wrote and the customer no longer has'),
    identityConflict: z
      .enum(['email', 'merge', 'reject'])
      .default('email')
      .describe('when e-mail and id belong to different profiles'),
  }),
  payment: section({
    messages: section({
      transactionAdded: messageTypes('PaymentTransactionAdded').describe('messages that may refund'),
      transactionChanged: messageTypes('PaymentTransactionStateChanged').describe('messages that may refund'),
    }),
    states: section({ validTransactionStates: texts('Success').describe('states in which a refund counts') }),
  }),
  category: section({
    messages: section({ created: messageTypes('CategoryCreated').describe('messages that create a category') }),
  }),
  catalog: section({
    ratings: z
      .boolean()
      .default(false)
      .describe('send rating_average and rating_count of items, and follow reviews in realtime'),
  }),
  product: section({
    messages: section({
      published: messageTypes('ProductPublished').describe('messages that publish an item'),
      deleted: messageTypes('ProductUnpublished').describe('messages that delete an item'),
    }),
    inventory: section({
      useChannelInventory: z
        .union([z.string(), z.array(z.string())])
        .default('')
        .describe('id or key of the supply channel whose stock is sent, or a list of them, which is summed'),
      withoutChannel: z
        .enum(['sum', 'max', 'none'])
        .default('sum')
        .describe(
          'stock of a sku that has entries of channels only, while no channel is configured; none: not tracked',
        ),
      policy: z
        .union([z.literal(0), z.literal(1), z.literal(2)])
        .optional()
        .describe('inventory_policy of every variant; unset: 1, or 2 for variants without inventory entries'),
    }),
    price: section({
      channel: z.string().default('').describe('id of the channel whose prices come first'),
      country: z.string().default('').describe('ISO country whose prices come first'),
      discounted: z.boolean().default(true).describe('send the discounted price if there is one'),
    }),
    noDescription: z.string().default('').describe('text for an item without description'),
    brandAttribute: z.string().default('brand').describe('product attribute with the brand'),
  }),
});

/** Settings of the mapping plus what environment variables add. */
export interface RuleSettings extends z.infer<typeof ruleSettingsSchema> {
  /** PREFERRED_LOCALE: a tag such as en-US, or empty. */
  preferredLocale: string;
  /** PREFERRED_CURRENCY: ISO 4217, or empty. */
  preferredCurrency: string;
  /** PRODUCT_URL_TEMPLATE: every {{productSlug}} is replaced; or empty. */
  productUrlTemplate: string;
  /** Signs the id of a cart for the links of its events; absent without CART_LINK_SECRET. */
  signCartId?: ((cartId: string, expiresAt: Date) => string) | undefined;
}

export function defaultSettings(): RuleSettings {
  return { ...ruleSettingsSchema.parse({}), preferredLocale: '', preferredCurrency: '', productUrlTemplate: '' };
}

/** Returns whether categories are synced. When all of their events are disabled, items are not linked to categories. */
export function categoriesAreSynced(settings: Pick<RuleSettings, 'disabledEvents'>): boolean {
  const names: DisabledEvent[] = ['CategoryCreated', 'CategoryResourceUpdated', 'CategoryResourceDeleted'];
  return !names.every((name) => settings.disabledEvents.includes(name));
}
