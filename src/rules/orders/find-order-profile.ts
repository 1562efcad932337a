/** Makes the lookups that `decideProfile` asks for, in as few steps as it needs: one for the usual order. */
import type { Lookups } from '../../commercetools/lookups/types.ts';
import type { EventOrder } from '../../klaviyo/change.ts';
import type { EventToFind, LookupScope, ProfileLookups } from '../../klaviyo/profile-lookups.ts';
import { givesId } from '../customers/shared-email.ts';
import { present } from '../fields/text.ts';
import { millisecondsOf } from '../fields/time.ts';
import type { RuleSettings } from '../settings.ts';
import { decideProfile, type KnownProfiles, type OrderProfile, type ProfileQuestion } from './order-profile.ts';

export interface FindOrderProfileDeps {
  lookups: Pick<Lookups, 'orderCustomer' | 'customersWithEmail'>;
  profiles: ProfileLookups;
  settings: RuleSettings;
}

export interface OrderToFind extends EventOrder {
  isCustomerSet: boolean;
  hasLocation: boolean;
}

/** Placed Order may have either date of an imported order, and Klaviyo stores whole seconds. */
const marginMs = 86_400_000;

/** Rejects with CommercetoolsError or LookupUnavailable when a lookup can't be answered now. */
export async function findOrderProfile(
  order: OrderToFind,
  { lookups, profiles, settings }: FindOrderProfileDeps,
  scope: LookupScope,
): Promise<OrderProfile | { skip: string }> {
  const hasPlacedOrder = new Map<string, boolean>();
  // After a rejection the remembered profile is gone.
  const remembered = scope.fresh ? undefined : await profiles.rememberedFor(order.id);
  const known: KnownProfiles = {
    customerId: order.customerId,
    email: order.customerEmail,
    isCustomerSet: order.isCustomerSet,
    hasLocation: order.hasLocation,
    isBulk: scope.lane === 'bulk',
    acceptsProfileId: profiles.acceptsProfileId(),
    hasPlacedOrder,
    remembered,
  };

  async function lookUp(question: ProfileQuestion): Promise<void> {
    const { customerId = '', email = '' } = known;
    if (typeof question === 'object') {
      const id = question.hasPlacedOrder;
      const placedOrder = placedOrderOf(order, settings);
      hasPlacedOrder.set(id, placedOrder !== undefined && (await profiles.hasEvent(id, placedOrder, scope)));
      return;
    }
    const customer = typeof known.customer === 'object' ? known.customer : undefined;
    const accountEmail = present(customer?.email) ?? '';
    switch (question) {
      case 'customer':
        known.customer = await lookups.orderCustomer(customerId, scope);
        return;
      case 'byId':
        known.byId = await profiles.byExternalId(customerId, scope);
        return;
      case 'fresh': {
        const fresh = { ...scope, fresh: true };
        const [again, byId] = await Promise.all([
          lookups.orderCustomer(customerId, fresh),
          profiles.byExternalId(customerId, fresh),
        ]);
        Object.assign(known, { customer: again, byId });
        return;
      }
      case 'byAccountEmail':
        known.byAccountEmail = await profiles.byEmail(accountEmail, scope);
        return;
      case 'byOrderEmail':
        known.byOrderEmail = await profiles.byEmail(email, scope);
        return;
      case 'givesId':
        known.givesId = !customer || givesId(customer, await lookups.customersWithEmail(accountEmail));
    }
  }

  for (;;) {
    const decision = decideProfile(known, settings);
    if (!('ask' in decision)) return decision;
    await Promise.all(decision.ask.map(lookUp));
  }
}

/** Returns the order's Placed Order as it is listed, or undefined if it has none: without a metric, or a readable time. */
export function placedOrderOf(
  { id, createdAt, completedAt }: Pick<EventOrder, 'id' | 'createdAt' | 'completedAt'>,
  { order }: RuleSettings,
): EventToFind | undefined {
  const times = [createdAt, completedAt ?? createdAt].map(millisecondsOf).filter((ms) => !Number.isNaN(ms));
  if (order.metrics.placedOrder === '' || times.length === 0) return undefined;
  return {
    metric: order.metrics.placedOrder,
    uniqueId: id,
    from: new Date(Math.min(...times) - marginMs).toISOString(),
    to: new Date(Math.max(...times) + marginMs).toISOString(),
  };
}
