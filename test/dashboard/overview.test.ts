/** The overview: what needs attention and for how long, delay and backlog, events per day, and its size on a phone. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createMemoryStore } from '../../src/store/memory.ts';
import { newOrder } from '../mapping/order-fixture.ts';
import { button, type DashboardShop, gone, open, rejectedOrder, seen, startDashboardShop } from './dashboard-shop.ts';

const store = createMemoryStore();
const metrics = ['Placed Order', 'Ordered Product', 'Fulfilled Order', 'Cancelled Order', 'Refunded Order'];
const dayMs = 86_400_000;

/** Two weeks of counts, as other replicas stored them. */
async function storeDays(): Promise<void> {
  for (let age = 1; age <= 20; age += 1) {
    const lastAt = new Date(Date.now() - age * dayMs).toISOString();
    const count = { isMetric: true, realtime: age, bulk: age, values: { EUR: age * 10 }, lastAt };
    const counts = Object.fromEntries(metrics.map((metric) => [metric, count]));
    const profile = { ...count, isMetric: false, values: {} };
    await store.put({ container: 'ctk-daily-counts', key: lastAt.slice(0, 10) }, { counts: { ...counts, profile } });
  }
}

let dashboard: DashboardShop;
before(async () => {
  await storeDays();
  dashboard = await startDashboardShop(3, { store });
});
after(() => dashboard?.stop());

/** An order that was created in commercetools two seconds ago. */
async function deliverOrder(): Promise<void> {
  const made = newOrder();
  const createdAt = new Date(Date.now() - 2_000).toISOString();
  await dashboard.shop.sendMessage('OrderCreated', made.ref, { order: made.record, createdAt });
}

test('a healthy service: delay, backlog, events per day with their value, in less than 3,000 px on a phone', async () => {
  await deliverOrder();
  const { page, consoleErrors, isUsable, picture, close } = await dashboard.enter(undefined, { width: 390 });
  const figures = page.locator('.figures').first();
  await figures.getByText('Delivering').waitFor();
  await figures.getByText(/^last delivery \d+ s ago$/).waitFor();
  await page.getByRole('img', { name: /^Delay over six hours, at most \d/ }).waitFor();
  await figures.getByText(/^\d+(\.\d)? s$/).waitFor();
  await page.getByRole('img', { name: /^Backlog over six hours, at most [1-9]/ }).waitFor();
  const placed = page.getByRole('article', { name: 'Placed Order' });
  // 2 × (1 + … + 13) of the days before, and the one of today.
  await placed.getByRole('img', { name: 'Placed Order: 183 events in 14 days, 1 today' }).waitFor();
  await placed.getByText(/^€\d/).waitFor();
  await placed.getByText(/^last \d+ s ago$/).waitFor();
  await seen(page, 'Profiles');
  assert.equal(await page.getByRole('region', { name: 'Action required' }).count(), 0);
  const height = await page.evaluate('document.documentElement.scrollHeight');
  assert.ok(Number(height) <= 3_000, `${height} px`);
  await isUsable();
  await picture('overview-phone');
  assert.deepEqual(consoleErrors, []);
  await close();
});

test('charts have a tooltip with the day, the counts and the value', async () => {
  const { page, picture, close } = await dashboard.enter();
  const chart = page.getByRole('img', { name: /^Placed Order: / });
  await chart.hover();
  const tooltip = chart.locator('.tooltip');
  await tooltip.getByText(/^Real-time: \d+$/).waitFor();
  await tooltip.getByText(/^Syncs: \d+$/).waitFor();
  await tooltip.getByText(/^\d+ [A-Z][a-z]{2}/).waitFor();
  await tooltip.getByText(/^€\d/).waitFor();
  await picture('overview');
  await button(page, 'Value').click();
  await chart.hover();
  await tooltip.getByText(/^Value in EUR: \d/).waitFor();
  await close();
});

test('dead letters need attention since the first one, and no longer once they were retried', async () => {
  const { shop, enter } = dashboard;
  const { page, picture, close } = await enter();
  const rejected = await rejectedOrder(shop);
  const attention = page.getByRole('region', { name: 'Action required' });
  await attention.getByRole('heading', { name: '2 dead letters' }).waitFor();
  await attention.getByText(/^since \d+ \w+, \d\d:\d\d/).waitFor();
  await attention.getByText(/What to do:/).waitFor();
  await page.getByRole('navigation').getByText('2', { exact: true }).waitFor();
  await picture('overview-attention');
  await rejected.correct();
  await attention.getByRole('link', { name: 'Open' }).click();
  await page.getByLabel('Select all').check();
  await button(page, 'Retry (2)').click();
  await seen(page, 'Retried: 2 delivered.');
  await open(page, 'Overview');
  await gone(attention);
  await page.locator('.figures').getByText('nothing to do').waitFor();
  assert.equal(await page.locator('main .bad').count(), 0, 'nothing is red after it was resolved');
  await close();
});

test('commercetools that does not answer needs attention until it does again', async () => {
  const { shop, enter } = dashboard;
  const { page, isUsable, picture, close } = await enter();
  await page.locator('.figures').getByText('Delivering').waitFor();
  const fault = await shop.injectFault({ kind: 'status', status: 503, path: '/shop/categories' });
  const alert = page.getByRole('alert').filter({ hasText: 'commercetools is not reachable' });
  await alert.getByText(/What to do: Run ctk check/).waitFor();
  await page.locator('.figures').getByText('Needs action').waitFor();
  await isUsable();
  await picture('overview-outage');
  await fault.clear();
  await gone(alert);
  await page.locator('.figures').getByText('Delivering').waitFor();
  await close();
});

test('only the three most used endpoints are shown, the others are folded', async () => {
  const { page, close } = await dashboard.enter();
  await open(page, 'Syncs');
  await button(page, 'Start categories').click();
  await page.getByRole('table').getByText('Completed').first().waitFor();
  await open(page, 'Overview');
  const quota = page.getByRole('region', { name: /rate limits/ });
  await quota.getByText(/more endpoints?$/).waitFor();
  const shown = quota.getByRole('listitem').filter({ visible: true });
  assert.equal(await shown.count(), 3);
  await quota.getByText(/more endpoints?$/).click();
  assert.ok((await shown.count()) > 3);
  await close();
});

test('counts are stored, so that another replica and the next process show them', async () => {
  await deliverOrder();
  await dashboard.shop.testEnv.app.settled();
  const other = await startDashboardShop(1, { store });
  try {
    const today = new Date().toISOString().slice(0, 10);
    // Stored together some seconds after the first of them.
    for (let tries = 0; (await store.get({ container: 'ctk-daily-counts', key: today })) === undefined; tries += 1) {
      assert.ok(tries < 60, 'the counts of today are stored');
      await sleep(500);
    }
    const { page, close } = await other.enter();
    await page.getByRole('img', { name: /^Placed Order: \d+ events in 14 days, [1-9]\d* today$/ }).waitFor();
    await close();
  } finally {
    await other.stop();
  }
});
