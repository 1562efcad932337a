/** Checks whether the account has the orders that Klaviyo's predictions need. */
import { type CheckDeps, type Finding, ok, warning } from './finding.ts';
import { placedOrderSums } from './metric-sums.ts';

const what = 'Klaviyo predictions';
const dayMs = 86_400_000;
/** https://help.klaviyo.com/hc/en-us/articles/360020919731 */
const needed = { customers: 500, historyDays: 180, recentDays: 30 };

export async function checkPredictions(
  deps: Pick<CheckDeps, 'config' | 'klaviyo'>,
  now: Date = new Date(),
): Promise<Finding[]> {
  // An aggregate spans a year at most.
  const from = new Date(now.getTime() - 364 * dayMs);
  const recentFrom = new Date(now.getTime() - needed.recentDays * dayMs);
  const months = await placedOrderSums(deps, { interval: 'month', from, until: now });
  const days = await placedOrderSums(deps, { interval: 'day', from: recentFrom, until: now });
  // A key without metrics:read, or an account without orders, is a finding of the metric mapping.
  if (!months || !days) return [];
  const first = months.find(({ count }) => count > 0);
  // A profile counts once in each month, so this is the most that there can be.
  const atMost = months.reduce((sum, { profiles }) => sum + profiles, 0);
  const historyDays = first ? Math.floor((now.getTime() - Date.parse(first.date)) / dayMs) : 0;
  const missing = [
    ...(atMost < needed.customers ? [`${needed.customers} customers with orders (at most ${atMost} in a year)`] : []),
    ...(historyDays < needed.historyDays ? [`orders of ${needed.historyDays} days (of ${historyDays})`] : []),
    ...(days.some(({ count }) => count > 0) ? [] : [`an order in the last ${needed.recentDays} days`]),
  ];
  if (missing.length === 0) return [ok(what, 'enough orders')];
  return [warning(what, `they need ${missing.join(', ')}`, 'ctk sync orders sends the orders of the past')];
}
