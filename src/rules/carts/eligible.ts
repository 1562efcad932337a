/** Which carts are sent: conditions that the cart alone shows. */
import type { Cart, CartLineItem } from '../../commercetools/cart-schemas.ts';
import { majorUnits } from '../fields/money.ts';
import { hasValue } from '../fields/properties.ts';
import { present } from '../fields/text.ts';
import type { RuleSettings } from '../settings.ts';

/** Returns why nothing of the cart is sent, or undefined if its events may be. */
export function notSentReason(cart: Cart, { carts }: Pick<RuleSettings, 'carts'>): string | undefined {
  const { cartState, origin = 'Customer' } = cart;
  if (cartState === 'Ordered' || cartState === 'Merged') return `the cart is ${cartState}`;
  if (!carts.origins.includes(origin)) return `the origin of the cart is ${origin} (carts.origins)`;
  if (chosenLines(cart).length === 0) return 'the cart has no line items';
  if (majorUnits(cart.totalPrice) < carts.minimum) return 'the total of the cart is below carts.minimum';
  if (carts.consentField !== '' && !isSet(customField(cart, carts.consentField)))
    return 'the cart has no consent (carts.consentField)';
  if (emailOf(cart) === undefined && present(cart.customerId) === undefined && exchangeIdOf(cart, carts) === undefined)
    return 'the cart has neither e-mail nor customer nor exchange id (carts.identity.kx)';
  return undefined;
}

/** Returns the line items that a shopper chose: a gift comes and goes with a cart discount. */
export function chosenLines({ lineItems }: Pick<Cart, 'lineItems'>): CartLineItem[] {
  return lineItems.filter(({ lineItemMode }) => lineItemMode !== 'GiftLineItem');
}

export function emailOf({ customerEmail }: Cart): string | undefined {
  return present(customerEmail);
}

export function exchangeIdOf(cart: Cart, { identity }: RuleSettings['carts']): string | undefined {
  return textField(cart, identity.kx);
}

export function anonymousIdOf(cart: Cart, { identity }: RuleSettings['carts']): string | undefined {
  return textField(cart, identity.anonymousId);
}

function textField(cart: Cart, name: string): string | undefined {
  const value = customField(cart, name);
  return typeof value === 'string' ? present(value) : undefined;
}

export function customField({ custom }: Cart, name: string): unknown {
  const fields = custom?.fields ?? {};
  return name !== '' && Object.hasOwn(fields, name) ? fields[name] : undefined;
}

/** Returns false for `false`, absent, null and empty text. */
export function isSet(value: unknown): boolean {
  return value !== false && hasValue(value);
}
