/** Checks whether the values of recent Placed Order events fit `order.value`, which does not change events of the past. */
import type { Order } from '../../commercetools/schemas.ts';
import { majorUnits } from '../../rules/fields/money.ts';
import { orderValue } from '../../rules/orders/order-value.ts';
import type { RuleSettings } from '../../rules/settings.ts';
import { type CheckDeps, type Finding, ok, warning } from './finding.ts';
import { placedOrderSums } from './metric-sums.ts';

const what = 'order.value';
/** With fewer orders a sum says too little. */
const minOrders = 5;
/** Sums that differ by less are equal: an order may be missing, or be of the edge of a day. */
const tolerance = 0.02;

const values = ['total', 'gross', 'net', 'klaviyo'] as const;

/** @param orders the recent ones up to `now`, newest first */
export async function checkOrderValue(deps: CheckDeps, orders: readonly Order[], now: Date): Promise<Finding[]> {
  const oldest = orders.at(-1);
  const currencies = new Set(orders.map(({ totalPrice }) => totalPrice.currencyCode));
  // How Klaviyo adds values of several currencies is not documented.
  if (!oldest || orders.length < minOrders || currencies.size > 1) return [];
  const from = new Date(Date.parse(oldest.createdAt) - 1_000);
  const sums = await placedOrderSums(deps, { interval: 'day', from, until: new Date(now.getTime() + 60_000) });
  const count = sums?.reduce((sum, day) => sum + day.count, 0) ?? 0;
  if (!isNear(count, orders.length)) return [];
  const recorded = sums?.reduce((sum, day) => sum + day.value, 0) ?? 0;
  const { rules } = deps.config;
  const fits = (value: (typeof values)[number]) => isNear(recorded, sumOf(orders, value, rules));
  if (fits(rules.order.value)) return [ok(what, rules.order.value)];
  const other = values.find(fits);
  if (other === undefined) return [];
  const detail = `it is ${rules.order.value}, and the events of the last ${count} orders have the value of ${other}`;
  return [
    warning(what, detail, 'events that Klaviyo has keep their value: keep the setting, or expect a break in reports'),
  ];
}

function sumOf(orders: readonly Order[], value: RuleSettings['order']['value'], rules: RuleSettings): number {
  const settings = { ...rules, order: { ...rules.order, value } };
  return orders.reduce((sum, order) => sum + majorUnits(orderValue(order, settings)), 0);
}

function isNear(left: number, right: number): boolean {
  return Math.abs(left - right) <= tolerance * Math.abs(right);
}
