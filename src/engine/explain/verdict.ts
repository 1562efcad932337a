/** Says in one sentence what a sync would do with an explained record. */
import { z } from 'zod';
import type { Explained, ExplainedChange } from './schema.ts';

const numbered = z.looseObject({ orderNumber: z.string().optional(), customerNumber: z.string().optional() });

/** @returns such as "Order 1234: would send Placed Order, Ordered Product × 2; Klaviyo holds the rest" */
export function verdictOf({ type, id, rules }: Pick<Explained, 'type' | 'id' | 'rules'>, record: unknown): string {
  const { orderNumber, customerNumber } = numbered.safeParse(record).data ?? {};
  const name = `${type[0]?.toUpperCase()}${type.slice(1)} ${orderNumber ?? customerNumber ?? id}`;
  const problem = rules.find((rule) => rule.problem !== undefined && rule.changes.length === 0)?.problem;
  const changes = rules.flatMap((rule) => rule.changes);
  if (changes.length === 0) return `${name}: nothing is sent, ${problem ?? skipOf(rules) ?? 'no rule is about it'}`;
  const sent = changes.filter(({ requests, outcome }) => requests.length > 0 || outcome === 'not compared');
  const rejected = changes.filter(({ outcome }) => outcome === 'rejected' || outcome === 'failed');
  const unavailable = changes.find(({ outcome }) => outcome === 'unavailable');
  const parts = [
    sent.length > 0 ? `would send ${listOf(sent)}` : undefined,
    rejected.length > 0 ? `Klaviyo would reject ${listOf(rejected)}` : undefined,
    unavailable ? `not compared with Klaviyo: ${unavailable.reason}` : undefined,
  ].filter((part) => part !== undefined);
  return `${name}: ${parts.length > 0 ? parts.join('; ') : `nothing to send, Klaviyo holds all of it (${listOf(changes)})`}`;
}

function skipOf(rules: Explained['rules']): string | undefined {
  return rules.flatMap(({ skips }) => skips)[0];
}

function listOf(changes: readonly ExplainedChange[]): string {
  const names = Map.groupBy(changes, subjectOf);
  return [...names].map(([name, all]) => (all.length > 1 ? `${name} × ${all.length}` : name)).join(', ');
}

/** @returns Klaviyo's metric of an event, otherwise the kind of record */
export function subjectOf({ type, values }: ExplainedChange): string {
  const metric = values.find(({ path }) => path === 'metric')?.value;
  return typeof metric === 'string' ? metric : type;
}
