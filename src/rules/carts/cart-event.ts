/** Factory for the rules that send events about a cart. It adds what both share: metric, profile, time, currency and limits. */
import type { Cart } from '../../commercetools/cart-schemas.ts';
import type { Money } from '../../commercetools/schema-fields.ts';
import type { JsonObject, Warning } from '../../klaviyo/change.ts';
import { fitProperties, maxEventPropertiesBytes } from '../fields/json-limits.ts';
import { majorUnits } from '../fields/money.ts';
import { filtered, passes } from '../fields/properties.ts';
import { firstTime, millisecondsOf } from '../fields/time.ts';
import { asItem, lineOf } from '../orders/line.ts';
import { eventsOutput, isCurrency, type OrderEventResult } from '../orders/order-event.ts';
import type { OrderProfile } from '../orders/order-profile.ts';
import { itemNames } from '../orders/properties.ts';
import { type DisabledEvent, type MetricKey, metricNames, type RuleSettings } from '../settings.ts';
import { changeTrigger, originOf, type Rule, type Skip, skip } from '../types.ts';
import { checkoutUrl } from './checkout-url.ts';
import type { CartFacts } from './facts.ts';
import { personOf } from './find-cart-profile.ts';

const hourMs = 60 * 60 * 1_000;

/** One event of a cart, before Klaviyo's limits. */
export interface CartEventDraft {
  uniqueId: string;
  /** ISO 8601. */
  time: string;
  value: Money;
  /** Properties beside those that both events have. */
  properties: Record<string, unknown>;
}

export interface CartEventSpec {
  /** Kebab-case; the name of the file. */
  name: string;
  /** One sentence for the docs table, the dashboard and explain. */
  summary: string;
  metric: MetricKey;
  /** Part of the cart that has an event of its own, for the docs. Absent: the whole cart. */
  per?: string;
  /** Settings beside those that both events have, as dotted paths. */
  settings: readonly string[];
  disabledBy: DisabledEvent;
  events(facts: CartFacts, settings: RuleSettings): readonly (CartEventDraft | Skip)[] | Skip;
}

const sharedSettings = [
  ...['carts.enabled', 'carts.watch', 'carts.origins', 'carts.minimum', 'carts.consentField', 'carts.identity'],
  ...['carts.maxAgeHours', 'carts.url', 'carts.linkDays', 'carts.properties', 'customer.identityConflict'],
];

/** Names that are cut last when an event is too large, most valuable first. */
const keptNames = [
  ...['AddedItemProductID', 'AddedItemSKU', 'AddedItemProductName', 'AddedItemPrice', 'AddedItemQuantity'],
  ...['AddedItemURL', 'AddedItemImageURL', 'AddedItemCategories', 'CheckoutURL', 'ItemNames', 'Categories', 'Items'],
];

export function cartEventRule(spec: CartEventSpec): Rule<CartFacts> {
  const { name, summary, metric, per, disabledBy } = spec;
  const offBy = ({ carts, order }: RuleSettings) => {
    if (!carts.enabled) return 'carts.enabled is false';
    return order.metrics[metric] === '' ? `order.metrics.${metric} is empty` : undefined;
  };
  return {
    name,
    summary,
    sends: `event \`${metricNames[metric]}\`${per === undefined ? '' : ` for ${per}`}`,
    settings: [`order.metrics.${metric}`, ...spec.settings, ...sharedSettings],
    bulk: 'carts',
    offBy,
    triggers: ({ carts }) =>
      (['ResourceCreated', 'ResourceUpdated'] as const).map((type) => ({
        ...changeTrigger('cart', type, disabledBy),
        ...(carts.watch === 'poll' ? { polled: true } : {}),
      })),
    map(facts, settings) {
      const off = offBy(settings);
      if (off !== undefined) return skip(off);
      const { profile } = facts;
      if ('skip' in profile) return skip(profile.skip);
      return eventsOutput(spec.events(facts, settings), {
        profile,
        toEvent: (draft) => eventOf(draft, { metric, profile, facts, settings }),
      });
    },
  };
}

interface EventContext {
  metric: MetricKey;
  profile: OrderProfile;
  facts: CartFacts;
  settings: RuleSettings;
}

function eventOf(draft: CartEventDraft, { metric, profile, facts, settings }: EventContext): OrderEventResult {
  const time = firstTime([draft.time], facts.at);
  if (time === undefined) return { skip: 'no time that Klaviyo accepts (after 1990, at most a year ahead)' };
  const link = checkoutUrl(facts.cart, settings);
  const { properties, warnings } = fitProperties(propertiesOf(draft, { link, facts, settings }), {
    keep: keptNames,
    maxBytes: maxEventPropertiesBytes,
  });
  const { currencyCode } = draft.value;
  return {
    warnings: link === undefined && settings.carts.url !== '' ? [...warnings, noLink] : warnings,
    change: {
      type: 'event',
      metric: settings.order.metrics[metric],
      uniqueId: draft.uniqueId,
      time,
      value: majorUnits(draft.value),
      ...(settings.order.valueCurrency && isCurrency(currencyCode) ? { currency: currencyCode } : {}),
      profile: profile.identity,
      order: personOf(facts.cart),
      isProfileLookedUp: profile.isLookedUp,
      properties,
      backfill: isHistory(time, facts, settings),
    },
  };
}

const noLink: Warning = {
  code: 'cart-without-link',
  detail: 'a variable of carts.url has no value: sent without CheckoutURL',
};

/** Events of bulk runs, unless the run repairs, and events older than `carts.maxAgeHours` must not trigger flows. */
function isHistory(time: string, { cause, at }: CartFacts, { carts }: RuleSettings): boolean {
  const origin = originOf(cause);
  if (origin.type === 'run') return origin.backfill;
  return millisecondsOf(time) < at.getTime() - carts.maxAgeHours * hourMs;
}

function propertiesOf(
  draft: CartEventDraft,
  { link, facts, settings }: { link: string | undefined; facts: CartFacts; settings: RuleSettings },
): Record<string, unknown> {
  const { raw, ...filter } = settings.carts.properties;
  const names = {
    ...draft.properties,
    CheckoutURL: link,
    ...(passes('lineItems', filter)
      ? { ItemNames: itemNames(facts.cart, settings), Items: itemsOf(facts.cart, facts, settings) }
      : {}),
  };
  return {
    ...filtered(names, { include: [], exclude: filter.exclude, map: {} }).properties,
    ...(raw ? filtered(facts.cart, filter).properties : {}),
  };
}

/** Both metrics have `ProductCategories` where those of an order have `Categories`. */
function itemsOf({ lineItems }: Cart, facts: CartFacts, settings: RuleSettings): JsonObject[] {
  return lineItems.map((item) => {
    const { Categories: ProductCategories = [], ...names } = asItem(lineOf(item, facts, settings));
    return { ...names, ProductCategories };
  });
}
