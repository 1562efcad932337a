/** `ctk check`: whether the account is ready for predictions, and whether recorded values fit `order.value`. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { money } from '../fixtures/index.ts';
import { newOrder, type OrderShop, startOrderShop } from '../mapping/order-fixture.ts';
import { ctkInProcess as ctk } from './in-process.ts';

const dayMs = 86_400_000;
const daysAgo = (days: number) => new Date(Date.now() - days * dayMs).toISOString();
const taxedPrice = { totalNet: money(10_319), totalGross: money(12_280), totalTax: money(1_961) };

let shop: OrderShop;
before(async () => {
  shop = await startOrderShop({ overrides: { now: () => new Date() } });
  const orders = Array.from({ length: 6 }, (_, index) => newOrder({ createdAt: daysAgo(index + 1), taxedPrice }));
  for (const order of orders) await shop.addRecords(order);
  await shop.sync('orders', orders);
});
after(() => shop.stop());

async function lines(settings: object, what: string): Promise<string[]> {
  const { out } = await ctk(['check'], { ...shop.testEnv.env, NODE_CONFIG: JSON.stringify(settings) });
  return out.split('\n').filter((line) => line.includes(` ${what}: `));
}

test('values that fit the setting are fine; those of another setting are a warning that names it', async () => {
  assert.match((await lines({}, 'order.value')).join(), /^ok +order.value: total$/);
  const [warned] = await lines({ order: { value: 'net' } }, 'order.value');
  assert.match(
    warned ?? '',
    /^warning order.value: it is net, and the events of the last 6 orders have the value of total/,
  );
});

test('what predictions still need is named with what there is', async () => {
  const [line] = await lines({}, 'Klaviyo predictions');
  assert.match(
    line ?? '',
    /^warning .*500 customers with orders \(at most \d+ in a year\), orders of 180 days \(of \d+\)/,
  );
  assert.doesNotMatch(line ?? '', /in the last 30 days/);
});
