/** Says in one sentence what became of a record: what was delivered and when, what was not and why. */
import { z } from 'zod';
import type { DeliveryEntry } from '../delivery/delivery-log-page.ts';
import type { FindableType, FoundRecord } from './schema.ts';

export interface Findings {
  type: FindableType;
  name: string;
  record: unknown;
  klaviyo: FoundRecord['klaviyo'];
  skips: readonly string[];
  /** Oldest first. */
  log: readonly DeliveryEntry[];
  /** Codes and messages of the record's dead letters. */
  rejections: readonly { rule: string; reason: string }[];
  /** Rules of the events that the record should have, by metric. */
  ruleOf: ReadonlyMap<string, string>;
  /** Metrics of the events that follow in the life of an order. */
  fulfilledMetric: string;
  cancelledMetric: string;
  now: Date;
}

const orderState = z.looseObject({ orderState: z.string() });

/** @returns such as "Order 1234: Placed Order delivered 12:03:10; no Fulfilled Order yet, the order is Open" */
export function sentenceOf(findings: Findings): string {
  const { name, type } = findings;
  const parts = kinds[type] === 'event' ? eventParts(findings) : [recordPart(findings)];
  return `${name}: ${parts.join('; ')}`;
}

function eventParts(findings: Findings): string[] {
  const { klaviyo, skips, record, fulfilledMetric, cancelledMetric } = findings;
  const byMetric = Map.groupBy(klaviyo.events, ({ metric }) => metric);
  const parts = [...byMetric].map(([metric, events]) => metricPart(findings, metric, events));
  if (parts.length === 0 && klaviyo.note !== undefined)
    return [...loggedParts(findings), `Klaviyo not asked: ${klaviyo.note}`];
  if (parts.length === 0) return [failurePart(findings) ?? `no event is sent${skips[0] ? `, ${skips[0]}` : ''}`];
  const state = orderState.safeParse(record).data?.orderState;
  const isOpenEnded = !byMetric.has(fulfilledMetric) && !byMetric.has(cancelledMetric);
  return isOpenEnded && state !== undefined ? [...parts, `no ${fulfilledMetric} yet, the order is ${state}`] : parts;
}

function metricPart(findings: Findings, metric: string, events: FoundRecord['klaviyo']['events']): string {
  const { log, rejections, ruleOf } = findings;
  const rule = ruleOf.get(metric);
  const last = log.findLast((entry) => entry.wrote === metric || (entry.wrote === undefined && entry.rule === rule));
  const delivered = log.findLast(({ wrote, outcome }) => wrote === metric && outcome === 'delivered');
  const recorded = events.filter((event) => event.recorded).length;
  const at = delivered ? ` ${shortTime(delivered.at, findings.now)}` : '';
  if (recorded === events.length) return `${metric} delivered${at}`;
  const rejection = rejections.find((letter) => letter.rule === rule);
  if (rejection) return `${metric} rejected (${rejection.reason})`;
  if (recorded > 0) return `${recorded} of ${events.length} ${metric} events delivered${at}`;
  if (last && last.outcome !== 'delivered' && last.reason) return `${metric} ${last.outcome} (${last.reason})`;
  if (events.some((event) => event.recorded === undefined))
    return delivered ? `${metric} delivered${at}` : `${metric} not verified: ${findings.klaviyo.note ?? 'unknown'}`;
  if (delivered) return `${metric} delivered${at}, not listed by Klaviyo yet`;
  return `no ${metric} in Klaviyo`;
}

/** What the log says last of each metric. */
function loggedParts({ log, now }: Findings): string[] {
  const lastByMetric = new Map(log.map((entry) => [entry.wrote, entry]));
  return [...lastByMetric].flatMap(([metric, { outcome, at, reason }]) => {
    if (metric === undefined) return [];
    return outcome === 'delivered' ? `${metric} delivered ${shortTime(at, now)}` : `${metric} ${outcome} (${reason})`;
  });
}

/** Of a record that is unreadable, or whose lookups failed: no rule wrote anything. */
function failurePart({ log, rejections }: Findings): string | undefined {
  const [rejection] = rejections;
  if (rejection) return `rejected (${rejection.reason})`;
  const last = log.at(-1);
  return last?.outcome === 'retried' || last?.outcome === 'failed' ? `${last.outcome} (${last.reason})` : undefined;
}

const kinds = { order: 'event', cart: 'event', customer: 'profile', product: 'item', category: 'category' } as const;

function recordPart(findings: Findings): string {
  const { type, klaviyo, skips, log } = findings;
  const kind = kinds[type];
  const failure = failurePart(findings);
  const delivered = log.findLast(({ wrote, outcome }) => wrote === kind && outcome === 'delivered');
  const at = delivered ? `, last delivered ${shortTime(delivered.at, findings.now)}` : '';
  if (failure) return `${kind} ${failure}`;
  if (klaviyo.state === 'present') return `${kind} in Klaviyo${at}`;
  if (klaviyo.state === 'unknown' && klaviyo.note) return `${kind} not verified: ${klaviyo.note}`;
  return `no ${kind} in Klaviyo${skips[0] ? `, ${skips[0]}` : ''}${at}`;
}

/** @returns the time in UTC, such as 12:03:10, with its date if that is not today's */
function shortTime(iso: string, now: Date): string {
  const [date, time] = [iso.slice(0, 10), iso.slice(11, 19)];
  return date === now.toISOString().slice(0, 10) ? time : `${date} ${time}`;
}
