/** Facts of the cart rules: the cart as it is now, its products and its profile. Nothing is looked up for a cart that is not sent. */
import { type Cart, cartSchema } from '../../commercetools/cart-schemas.ts';
import { productsOf } from '../orders/facts.ts';
import type { LineFacts } from '../orders/line.ts';
import type { OrderProfile } from '../orders/order-profile.ts';
import { type Cause, type FactsLoader, minVersionOf, type Skip } from '../types.ts';
import { notSentReason } from './eligible.ts';
import { findCartProfile } from './find-cart-profile.ts';

export interface CartFacts extends LineFacts {
  cart: Cart;
  /** The profile that the cart's events belong to, or why the cart is not sent. */
  profile: OrderProfile | Skip;
  cause: Cause;
  at: Date;
}

export const cartFacts: FactsLoader<Cart, CartFacts> = {
  typeId: 'cart',
  schema: cartSchema,
  refOf: ({ id, version }) => ({ typeId: 'cart', id, version }),
  customerIdOf: ({ customerId }) => customerId,
  async fromMessage({ resource }, { lookups, cause }) {
    // A change does not say what changed, and the cart may be ordered by now: it is read.
    const cart = await lookups.cart(resource.id, minVersionOf(cause, resource));
    return cart ? { subjects: [cart] } : { skip: 'the cart no longer exists' };
  },
  async load(cart, context) {
    const { cause, at, settings } = context;
    const reason = notSentReason(cart, settings);
    if (reason !== undefined)
      return { cart, products: new Map(), categories: noCategories, profile: { skip: reason }, cause, at };
    const profileLookup = findCartProfile(cart, context);
    profileLookup.catch(() => undefined);
    // Awaited first: where commercetools refuses everything, its own errors say what an operator has to fix.
    const products = await productsOf(cart, context);
    return { cart, ...products, profile: await profileLookup, cause, at };
  },
};

const noCategories: LineFacts['categories'] = { size: 0, get: () => undefined, path: () => [], descendants: () => [] };
