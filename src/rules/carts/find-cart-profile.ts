/** Finds the profile of a cart as that of an order is found, without asking for a Placed Order, which a cart does not have. */
import type { Cart } from '../../commercetools/cart-schemas.ts';
import type { EventOrder } from '../../klaviyo/change.ts';
import type { LookupScope } from '../../klaviyo/profile-lookups.ts';
import { present } from '../fields/text.ts';
import { findOrderProfile } from '../orders/find-order-profile.ts';
import type { OrderProfile } from '../orders/order-profile.ts';
import { type EvaluationContext, originOf, type Skip } from '../types.ts';
import { anonymousIdOf, emailOf, exchangeIdOf } from './eligible.ts';

type ProfileContext = Pick<EvaluationContext, 'lookups' | 'profiles' | 'settings' | 'cause'>;

/** Rejects with CommercetoolsError or LookupUnavailable when a lookup can't be answered now. */
export async function findCartProfile(
  cart: Cart,
  { lookups, profiles, settings, cause }: ProfileContext,
): Promise<OrderProfile | Skip> {
  const exchangeId = exchangeIdOf(cart, settings.carts);
  const { customerId, customerEmail } = personOf(cart);
  if (exchangeId !== undefined && customerId === undefined && customerEmail === undefined)
    return ofBrowser(exchangeId, anonymousIdOf(cart, settings.carts));
  const origin = originOf(cause);
  const scope: LookupScope = origin.type === 'run' ? { lane: 'bulk', run: origin.runId } : { lane: 'cart' };
  const withoutPlacedOrder = {
    ...settings,
    order: { ...settings.order, metrics: { ...settings.order.metrics, placedOrder: '' } },
  };
  const found = await findOrderProfile(
    { ...personOf(cart), isCustomerSet: false, hasLocation: false },
    // Only corrected orders are remembered.
    { lookups, profiles: { ...profiles, rememberedFor: async () => undefined }, settings: withoutPlacedOrder },
    scope,
  );
  return 'skip' in found ? { skip: 'neither the customer nor the cart has an e-mail' } : found;
}

/** Returns the fields of the cart that its profile depends on, under the names that an order has for them. */
export function personOf(cart: Cart): EventOrder {
  const { id, customerId, createdAt, lastModifiedAt } = cart;
  return {
    ...{ id, customerId: present(customerId), customerEmail: emailOf(cart) },
    ...{ createdAt, placedAt: lastModifiedAt },
  };
}

function ofBrowser(exchangeId: string, anonymousId: string | undefined): OrderProfile {
  return {
    identity: { _kx: exchangeId, ...(anonymousId === undefined ? {} : { anonymous_id: anonymousId }) },
    existing: 'unknown',
    customerHasAddress: 'unknown',
    isLookedUp: false,
  };
}
