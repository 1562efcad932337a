/** Settings of the cart rules: which carts are sent to Klaviyo, when a checkout counts as started, and the link to the cart. */
import { z } from 'zod';
import { propertyFilter, section, texts } from './settings-fields.ts';

/** Conditions of a started checkout that the fields of a cart show. */
export const checkoutConditions = ['guestEmail', 'address', 'shippingMethod', 'payment', 'frozen'] as const;
export type CheckoutCondition = (typeof checkoutConditions)[number];

const conditionError = `must be ${checkoutConditions.join(', ')}, or field: and the name of a custom field`;
const condition = z.union([z.enum(checkoutConditions), z.templateLiteral(['field:', z.string().min(1)])], {
  error: conditionError,
});
const fieldName = (description: string) => z.string().default('').describe(`custom field of carts with ${description}`);

export const cartSettings = {
  enabled: z.boolean().default(false).describe('send Added to Cart and Started Checkout'),
  watch: z
    .enum(['poll', 'subscription'])
    .default('poll')
    .describe('how changed carts are noticed: by reading them at intervals, or by a subscription to their changes'),
  everySeconds: z.number().min(5).max(3_600).default(30).describe('seconds between two reads, with carts.watch: poll'),
  origins: texts('Customer').describe('origins of carts that are sent'),
  minimum: z.number().min(0).default(0).describe('total of a cart below which nothing is sent, in major units'),
  maxAgeHours: z.number().positive().default(24).describe('older events are recorded and do not trigger flows'),
  consentField: fieldName('the consent: without it nothing is sent; empty: no consent is needed'),
  identity: section({
    kx: fieldName("Klaviyo's exchange id (_kx), for carts without e-mail and customer; empty: they are not sent"),
    anonymousId: fieldName("the anonymous id of Klaviyo's web tracking, which is sent with the exchange id"),
  }),
  addedToCart: section({
    value: z
      .enum(['cart', 'line'])
      .default('cart')
      .describe('value of Added to Cart: the total of the cart, or the line'),
  }),
  startedCheckout: section({
    when: z
      .array(condition)
      .default(['guestEmail', 'address', 'shippingMethod', 'payment'])
      .describe(
        'a checkout has started when one of these holds: guestEmail, address, shippingMethod, payment, frozen, field:<custom field>',
      ),
    again: z
      .enum(['changed', 'never'])
      .default('changed')
      .describe('changed: Started Checkout is sent again when the line items or their quantities have changed'),
  }),
  url: z
    .string()
    .default('')
    .describe(
      'template of CheckoutURL with {{token}}, {{cartId}}, {{cartKey}}, {{storeKey}}, {{locale}}, {{language}} or {{country}}; empty: no link',
    ),
  linkDays: z.number().positive().default(30).describe('days after the last change of a cart until {{token}} expires'),
  properties: section({
    ...propertyFilter,
    raw: z.boolean().default(false).describe("send commercetools' own fields, addresses among them"),
  }),
};
