/** What all events of an order have in common: whom they are about, when, and whether they wake flows. */
import type { Money, Order } from '../../commercetools/schemas.ts';
import type { EventChange, ProfileIdentity, Warning } from '../../klaviyo/change.ts';
import { locationOf } from '../fields/address.ts';
import { type Fitted, fitProperties, maxEventPropertiesBytes } from '../fields/json-limits.ts';
import { majorUnits } from '../fields/money.ts';
import { present } from '../fields/text.ts';
import { firstTime } from '../fields/time.ts';
import type { RuleSettings } from '../settings.ts';
import { originOf } from '../types.ts';
import type { OrderFacts } from './facts.ts';
import { keptNames } from './klaviyo-properties.ts';

const dayMs = 24 * 60 * 60 * 1_000;

export interface OrderEventFields {
  metric: string;
  uniqueId: string;
  /** ISO 8601, the best first: the first that Klaviyo takes is sent. */
  times: readonly (string | undefined)[];
  value: Money;
  properties: Record<string, unknown>;
  /** Placed Order and Ordered Product, for `order.profileLocation: created`. */
  moment: 'created' | 'later';
}

export type OrderEventResult = { change: EventChange; warnings: Warning[] } | { skip: string };

/** An event about the order's customer, within Klaviyo's limits. */
export function orderEvent(facts: OrderFacts, parts: OrderEventFields, settings: RuleSettings): OrderEventResult {
  const profile = profileOf(facts);
  if (!profile) return { skip: noIdentity };
  const time = firstTime(parts.times, facts.at);
  if (time === undefined) return { skip: 'no time that Klaviyo takes (after 1990, at most a year ahead)' };
  const location = locationFor(facts, parts, settings);
  const { properties, warnings } = fitEvent(parts.properties);
  return {
    warnings,
    change: {
      type: 'event',
      metric: parts.metric,
      uniqueId: parts.uniqueId,
      time,
      value: majorUnits(parts.value),
      ...(settings.order.valueCurrency && isCurrency(parts.value.currencyCode)
        ? { currency: parts.value.currencyCode }
        : {}),
      profile: { ...profile, ...(location ? { location } : {}) },
      properties,
      backfill: isHistory(time, facts, settings),
    },
  };
}

/** As many of an event's properties as Klaviyo takes. */
export function fitEvent(properties: Record<string, unknown>): Fitted {
  return fitProperties(properties, { keep: keptNames, maxBytes: maxEventPropertiesBytes });
}

/** ISO 4217's form: Klaviyo refuses an event with another one, and the value counts without it too. */
function isCurrency(code: string): boolean {
  return /^[A-Z]{3}$/.test(code);
}

export const noIdentity = 'the order has neither e-mail nor customer id';

/**
 * E-mail and customer id as the order has them. After OrderCustomerSet the e-mail alone, where there is one: Klaviyo
 * recognises an event that it already has only on the same profile, and the guest's was sent with the e-mail.
 */
export function profileOf({ order, cause }: Pick<OrderFacts, 'order' | 'cause'>): ProfileIdentity | undefined {
  const email = present(order.customerEmail);
  const id = present(order.customerId);
  if (email === undefined) return id === undefined ? undefined : { external_id: id };
  return id === undefined || isCustomerSet(cause) ? { email } : { email, external_id: id };
}

/** The order was given to a customer after it had been placed. */
function isCustomerSet(cause: OrderFacts['cause']): boolean {
  const origin = originOf(cause);
  return origin.type === 'message' && origin.messageType === 'OrderCustomerSet';
}

/** When a message says that something happened; nothing in a run. */
export function messageTime(cause: OrderFacts['cause']): string | undefined {
  const origin = originOf(cause);
  return origin.type === 'message' ? origin.createdAt : undefined;
}

function locationFor(facts: OrderFacts, { moment }: OrderEventFields, settings: RuleSettings) {
  // An old order must not overwrite a newer address.
  if (originOf(facts.cause).type === 'run') return undefined;
  const wanted = settings.order.profileLocation;
  if (wanted === 'never' || (wanted === 'created' && moment === 'later')) return undefined;
  return facts.order.billingAddress ? locationOf(facts.order.billingAddress) : undefined;
}

/** History wakes no flow: bulk runs unless they repair, and what was long past when its message came (imports). */
export function isHistory(
  time: string,
  { cause, at }: Pick<OrderFacts, 'cause' | 'at'>,
  settings: RuleSettings,
): boolean {
  const origin = originOf(cause);
  if (origin.type === 'run') return origin.backfill;
  return Date.parse(time) < at.getTime() - settings.order.backfillAfterDays * dayMs;
}

/** The latest delivery of an order, whichever way it is shipped. */
export function lastDelivery(order: Order): string | undefined {
  const shipments = [order.shippingInfo, ...(order.shipping ?? []).map(({ shippingInfo }) => shippingInfo)];
  const times = shipments.flatMap((info) => info?.deliveries ?? []).map(({ createdAt }) => createdAt);
  const known = times.filter((time) => time !== undefined && !Number.isNaN(Date.parse(time)));
  return known.toSorted((a = '', b = '') => Date.parse(b) - Date.parse(a))[0];
}
