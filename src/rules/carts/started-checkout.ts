/**
 * Started Checkout: the fields of a cart show that its checkout began. commercetools has no message that says so.
 * https://developers.klaviyo.com/en/docs/guide_to_integrating_a_platform_without_a_pre_built_klaviyo_integration
 */
import { createHash } from 'node:crypto';
import type { Cart } from '../../commercetools/cart-schemas.ts';
import type { CheckoutCondition } from '../cart-settings.ts';
import { present } from '../fields/text.ts';
import { lineOf } from '../orders/line.ts';
import { distinct } from '../orders/properties.ts';
import type { Rule } from '../types.ts';
import { cartEventRule } from './cart-event.ts';
import { chosenLines, customField, emailOf, isSet } from './eligible.ts';
import type { CartFacts } from './facts.ts';

export const startedCheckout: Rule<CartFacts> = cartEventRule({
  name: 'started-checkout',
  summary: 'The checkout of a cart began (`carts.startedCheckout.when`), and again when its line items changed.',
  metric: 'startedCheckout',
  settings: ['carts.startedCheckout'],
  disabledBy: 'CartCheckoutStarted',
  events(facts, settings) {
    const { cart } = facts;
    const { when, again } = settings.carts.startedCheckout;
    if (!when.some((condition) => holds(condition, cart)))
      return { skip: 'the checkout has not started (carts.startedCheckout.when)' };
    const categories = cart.lineItems.flatMap((item) => lineOf(item, facts, settings).categories);
    return [
      {
        uniqueId: again === 'never' ? cart.id : `${cart.id}:${contentHash(cart)}`,
        time: cart.lastModifiedAt,
        value: cart.totalPrice,
        properties: { Categories: distinct(categories) },
      },
    ];
  },
});

const conditions: Record<CheckoutCondition, (cart: Cart) => boolean> = {
  guestEmail: (cart) => emailOf(cart) !== undefined && present(cart.customerId) === undefined,
  address: ({ billingAddress, shippingAddress }) => [billingAddress, shippingAddress].some(isEntered),
  shippingMethod: ({ shippingInfo, shipping }) => shippingInfo !== undefined || (shipping ?? []).length > 0,
  payment: ({ paymentInfo }) => (paymentInfo?.payments ?? []).length > 0,
  frozen: ({ cartState }) => cartState === 'Frozen',
};

function holds(condition: CheckoutCondition | `field:${string}`, cart: Cart): boolean {
  if (isField(condition)) return isSet(customField(cart, condition.slice('field:'.length)));
  return conditions[condition](cart);
}

function isField(condition: string): condition is `field:${string}` {
  return condition.startsWith('field:');
}

/** Many shops set a bare country for taxes as soon as there is a cart. */
function isEntered(address: Cart['billingAddress']): boolean {
  if (address === undefined) return false;
  const { streetName, lastName, postalCode } = address;
  return present(streetName) !== undefined || (present(lastName) !== undefined && present(postalCode) !== undefined);
}

/** Changes with the line items and their quantities, and with nothing else of the cart. */
function contentHash(cart: Cart): string {
  const lines = chosenLines(cart).map(({ id = '', quantity = 0 }) => `${id}:${quantity}`);
  return createHash('sha256').update(lines.toSorted().join('\n')).digest('hex').slice(0, 12);
}
