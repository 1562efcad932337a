/**
 * Factory for rules that send events about an order. It adds what all of them share: the metric, the profile, the time,
 * the currency, Klaviyo's limits, the settings for the docs, and skip reasons. A rule only says what happened.
 */
import type { Money } from '../../commercetools/schema-fields.ts';
import type { EventChange, Warning } from '../../klaviyo/change.ts';
import { type FittedProperties, fitProperties, maxEventPropertiesBytes } from '../fields/json-limits.ts';
import { majorUnits } from '../fields/money.ts';
import { passes } from '../fields/properties.ts';
import { firstTime, millisecondsOf } from '../fields/time.ts';
import { type MetricKey, metricNames, type RuleSettings } from '../settings.ts';
import { storeWarnings } from '../shop-names.ts';
import { isCausedBy, messageCauseOf, originOf, type RuleOutput, type Skip, skip, uniqueWarnings } from '../types.ts';
import { orderStatusUrl } from './detail-properties.ts';
import { eventOrderOf, type OrderFacts, type OrderNeed, type OrderRule } from './facts.ts';
import { orderLocation } from './location.ts';
import type { OrderProfile } from './order-profile.ts';
import { keptNames, orderProperties, orderPropertySettings, withoutExcluded } from './properties.ts';

const dayMs = 24 * 60 * 60 * 1_000;

/** One event of an order, before Klaviyo's limits. */
export interface OrderEventDraft {
  /** Klaviyo stores one event for each profile, metric and unique id. */
  uniqueId: string;
  /** Candidates in ISO 8601, best first. The first one that Klaviyo accepts is sent. */
  times: readonly (string | undefined)[];
  /** Date that decides whether the event is history, where it can differ from the time, ISO 8601. */
  datedAt?: string;
  value: Money;
  /** Properties beside those of the order. One of the order with the same name wins. */
  properties?: Record<string, unknown>;
}

interface SharedSpec extends Pick<OrderRule, 'name' | 'summary' | 'triggers' | 'reasonToSkip'> {
  /** Settings beside those that every event of an order has, as dotted paths. */
  settings: readonly string[];
  /** Optional facts beside those of the order's properties. */
  needs?: readonly OrderNeed[];
  /** Whether the order is created by this event or existed before, for `order.profileLocation: created`. */
  moment: 'created' | 'later';
  /** Events without the order's properties list the settings of their own instead. */
  ownPropertySettings?: readonly string[];
}

/** Returns the events, each of them or all replaced by a skip where there is nothing to send. */
type Events<Draft> = (facts: OrderFacts, settings: RuleSettings) => readonly (Draft | Skip)[] | Skip;

export interface OrderEventSpec extends SharedSpec {
  metric: MetricKey;
  /** Part of the order that has an event of its own, for the docs, such as `each refund`. Absent: one event per order. */
  per?: string;
  events: Events<OrderEventDraft>;
}

/** Event of a rule with several metrics. */
export interface MetricEventDraft extends OrderEventDraft {
  metric: string;
}

interface OrderMetricsSpec extends SharedSpec, Pick<OrderRule, 'sends'>, Required<Pick<OrderRule, 'offBy'>> {
  events: Events<MetricEventDraft>;
}

/** Creates a rule with one metric, whose events are about the customer of the order. Bulk syncs of orders include it. */
export function orderEventRule({ metric, per, events, ...spec }: OrderEventSpec): OrderRule {
  return orderMetricsRule({
    ...spec,
    sends: `event \`${metricNames[metric]}\`${per === undefined ? '' : ` for ${per}`}`,
    settings: [`order.metrics.${metric}`, ...spec.settings],
    offBy: (settings) => (settings.order.metrics[metric] === '' ? `order.metrics.${metric} is empty` : undefined),
    events(facts, settings) {
      const drafts = events(facts, settings);
      if ('skip' in drafts) return drafts;
      const name = settings.order.metrics[metric];
      return drafts.map((draft) => ('skip' in draft ? draft : { ...draft, metric: name }));
    },
  });
}

/** Creates such a rule whose events name their metric themselves. */
export function orderMetricsRule(spec: OrderMetricsSpec): OrderRule {
  const { name, summary, sends, ownPropertySettings, triggers, offBy, reasonToSkip } = spec;
  const shared: readonly OrderNeed[] = ownPropertySettings ? [] : ['discountCodes'];
  return {
    ...{ name, summary, sends },
    settings: [
      ...spec.settings,
      'order.identity',
      'customer.identityConflict',
      'order.profileLocation',
      'order.valueCurrency',
      'order.backfillAfterDays',
      'order.importsAreHistory',
      'order.url',
      ...(ownPropertySettings ?? orderPropertySettings),
    ],
    needs: [...(spec.needs ?? []), ...shared],
    bulk: 'orders',
    triggers,
    offBy,
    ...(reasonToSkip ? { reasonToSkip } : {}),
    map(facts, settings) {
      const off = offBy(settings);
      if (off !== undefined) return skip(off);
      const { profile } = facts;
      if ('skip' in profile) return skip(profile.skip);
      const eventFacts = { ...facts, profile };
      return eventsOutput(spec.events(facts, settings), {
        profile,
        toEvent: (draft) => eventOf(draft, spec, eventFacts, settings),
        warnings: storeWarnings(facts.shopNames),
      });
    },
  };
}

/** Facts of an order whose profile is known. */
type EventFacts = OrderFacts & { profile: OrderProfile };

const notLookedUp: Warning = {
  code: 'profile-not-looked-up',
  detail:
    "without view_customers or profiles:read the customer's profile is not looked up: sent with the order's e-mail alone, else with the customer's id",
};

/** An event within Klaviyo's limits, or why there is none. */
export type OrderEventResult = { change: EventChange; warnings: Warning[] } | Skip;

function eventOf(
  draft: MetricEventDraft,
  spec: OrderMetricsSpec,
  facts: EventFacts,
  settings: RuleSettings,
): OrderEventResult {
  const { profile } = facts;
  const time = firstTime(draft.times, facts.at);
  if (time === undefined) return { skip: 'no time that Klaviyo accepts (after 1990, at most a year ahead)' };
  const location = orderLocation({ ...facts, moment: spec.moment }, settings);
  const url = withoutExcluded({ OrderStatusUrl: orderStatusUrl(facts, settings) }, settings);
  const own = { ...orderEmailProperty(profile, settings), ...url, ...draft.properties };
  const shared = spec.ownPropertySettings ? {} : orderProperties(facts, settings);
  const { properties, warnings } = fitEvent({ ...own, ...shared });
  const { currencyCode } = draft.value;
  return {
    warnings,
    change: {
      type: 'event',
      metric: draft.metric,
      uniqueId: draft.uniqueId,
      time,
      value: majorUnits(draft.value),
      ...(settings.order.valueCurrency && isCurrency(currencyCode) ? { currency: currencyCode } : {}),
      profile: { ...profile.identity, ...(location ? { location } : {}) },
      order: eventOrderOf(facts.order),
      isProfileLookedUp: profile.isLookedUp,
      properties,
      backfill: isHistory(draft.datedAt ?? time, facts, settings),
    },
  };
}

interface EventsOutputOptions<Draft> {
  profile: Pick<OrderProfile, 'isDegraded'>;
  toEvent(draft: Draft): OrderEventResult;
  /** About all events of the record. */
  warnings?: readonly Warning[];
}

/** Returns the output of a rule for the drafts of one record whose profile is known. */
export function eventsOutput<Draft extends object>(
  drafts: readonly (Draft | Skip)[] | Skip,
  { profile, toEvent, warnings = [] }: EventsOutputOptions<Draft>,
): RuleOutput {
  if ('skip' in drafts) return skip(drafts.skip);
  const results = drafts.map((draft) => (isSkip(draft) ? draft : toEvent(draft)));
  return combineEvents(results, [...(profile.isDegraded ? [notLookedUp] : []), ...warnings]);
}

function isSkip(draft: object): draft is Skip {
  return 'skip' in draft;
}

function combineEvents(results: readonly OrderEventResult[], common: readonly Warning[]): RuleOutput {
  const skips = new Set<string>();
  const warnings: Warning[] = [...common];
  const sent: EventChange[] = [];
  for (const result of results) {
    if ('skip' in result) {
      skips.add(result.skip);
      continue;
    }
    sent.push(result.change);
    warnings.push(...result.warnings);
  }
  return { changes: sent, skips: [...skips], warnings: uniqueWarnings(warnings), followUps: [] };
}

export function fitEvent(properties: Record<string, unknown>): FittedProperties {
  return fitProperties(properties, { keep: keptNames, maxBytes: maxEventPropertiesBytes });
}

/** Checks the form of an ISO 4217 code. Klaviyo rejects an event with any other currency; without one it counts the value. */
export function isCurrency(code: string): boolean {
  return /^[A-Z]{3}$/.test(code);
}

/** Returns the order's own e-mail where it is not that of the account, if the filter lets `customerEmail` pass. */
function orderEmailProperty({ orderEmail }: OrderProfile, settings: RuleSettings): Record<string, unknown> {
  const { klaviyoNames, ...filter } = settings.order.properties;
  if (orderEmail === undefined || !klaviyoNames || !passes('customerEmail', filter)) return {};
  return withoutExcluded({ OrderEmail: orderEmail }, settings);
}

export function messageTime({ cause }: Pick<OrderFacts, 'cause'>): string | undefined {
  return messageCauseOf(cause)?.createdAt;
}

/**
 * Returns whether an event is history and must not trigger flows: events of bulk runs, unless the run repairs, and events
 * older than `order.backfillAfterDays` when their message arrived, such as imports. `order.importsAreHistory` makes every
 * import history.
 */
export function isHistory(
  time: string,
  { cause, at }: Pick<OrderFacts, 'cause' | 'at'>,
  settings: RuleSettings,
): boolean {
  const origin = originOf(cause);
  if (origin.type === 'run') return origin.backfill;
  if (settings.order.importsAreHistory && isCausedBy(cause, 'OrderImported')) return true;
  return millisecondsOf(time) < at.getTime() - settings.order.backfillAfterDays * dayMs;
}
