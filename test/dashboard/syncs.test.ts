/** Syncs and the page of each run: progress, stop and resume, double clicks, and states that follow-ups do not hide. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { createMemoryStore } from '../../src/store/memory.ts';
import { newCustomer } from '../mapping/order-fixture.ts';
import { button, type DashboardShop, gone, open, seen, startDashboardShop } from './dashboard-shop.ts';

const store = createMemoryStore();
let dashboard: DashboardShop;
before(async () => {
  dashboard = await startDashboardShop(45, { store });
});
after(() => dashboard?.stop());

const card = (page: Page, name: string) => page.getByRole('region', { name, exact: true });
const past = (page: Page) => page.getByRole('table', { name: 'Past syncs, latest first' });

test('a sync is started by a double click once, shows its progress, is stopped and resumed to its end', async () => {
  const { shop, enter } = dashboard;
  const { page, asked, consoleErrors, picture, close } = await enter();
  await open(page, 'Syncs');
  const customers = card(page, 'Customers');
  await customers.getByText('Never synced').waitFor();
  const slow = await shop.injectFault({ kind: 'delay', ms: 5_000, path: '/shop/customers', after: 2 });
  await button(page, 'Start customers').dblclick();
  await seen(page, 'customers sync accepted');
  await customers.getByText(/^[1-9]\d* of \d+ read$/).waitFor();
  await customers.getByText(/records\/s/).waitFor();
  assert.equal(asked.filter((url) => url.endsWith('/sync/customers')).length, 1);
  await picture('syncs-running');
  await customers.getByRole('link', { name: 'Details' }).click();
  await page.getByRole('heading', { level: 2, name: /^Customers sync/ }).waitFor();
  await page.getByText('API or dashboard').waitFor();
  await page.getByText('Reading', { exact: true }).first().waitFor();
  await picture('run-running');
  await open(page, 'Syncs');
  await button(page, 'Stop customers').dblclick();
  const resume = button(page, 'Resume customers');
  await resume.waitFor();
  const names = await customers.getByRole('button').allInnerTexts();
  assert.deepEqual(names, ['Resume customers', 'Start customers from the beginning']);
  await past(page).getByText('Stopped').first().waitFor();
  await slow.clear();
  await resume.dblclick();
  await gone(resume);
  await past(page).getByText('Completed').first().waitFor();
  assert.equal(asked.filter((url) => url.endsWith('/sync/customers')).length, 2);
  assert.deepEqual(consoleErrors, []);
  await close();
});

test('read never exceeds the total, and 100 % is shown only after delivery', async () => {
  const { shop, enter } = dashboard;
  const { page, close } = await enter();
  await open(page, 'Syncs');
  const customers = card(page, 'Customers');
  const slow = await shop.injectFault({ kind: 'delay', ms: 400, path: '/shop/customers' });
  const seenTexts: string[] = [];
  await button(page, 'Start customers').click();
  await customers.getByText(/of \d+ read/).waitFor();
  while (await button(page, 'Stop customers').isVisible()) {
    // Changed while the sync runs: they are read again.
    const extra = newCustomer();
    await shop.addRecords(extra);
    seenTexts.push(await customers.innerText().catch(() => ''));
  }
  await slow.clear();
  const pairs = seenTexts.flatMap((text) => [...text.matchAll(/([\d,]+) of ([\d,]+) read/g)]);
  assert.ok(pairs.length > 0);
  for (const [text, read = '', total = ''] of pairs)
    assert.ok(Number(read.replaceAll(',', '')) <= Number(total.replaceAll(',', '')), text);
  for (const text of seenTexts) assert.doesNotMatch(text, /100 %/);
  await close();
});

test('newer follow-ups hide neither the state of a resource nor its past syncs', async () => {
  const counts = { read: 4, delivered: 4, skipped: 0, rejected: 0, changes: 4, caughtUp: 0, reasons: {}, firstIds: {} };
  for (let index = 0; index < 120; index += 1) {
    const queuedAt = new Date(Date.now() + index).toISOString();
    const run = { id: `9999-${String(index).padStart(4, '0')}`, resource: 'products', kind: 'follow', by: 'message' };
    const request = { where: 'x', reason: `category ${index}` };
    const times = { queuedAt, startedAt: queuedAt, endedAt: queuedAt };
    await store.put(
      { container: 'ctk-runs', key: run.id },
      { run: { ...run, request, state: 'completed', counts, ...times }, point: { counts } },
    );
  }
  const { page, isUsable, picture, close } = await dashboard.enter();
  await open(page, 'Syncs');
  await button(page, 'Start categories').click();
  await card(page, 'Categories').getByText('Completed').waitFor();
  assert.equal(await card(page, 'Categories').getByText('Never synced').count(), 0);
  await card(page, 'Products').getByText('Never synced').waitFor();
  await past(page).getByRole('row').filter({ hasText: 'Categories' }).waitFor();
  assert.equal(await past(page).getByText('category 1', { exact: true }).count(), 0);
  await page.getByText('Follow-ups of messages').click();
  await page
    .getByRole('table', { name: /Follow-ups that ended/ })
    .getByText('category 119')
    .waitFor();
  await isUsable();
  await picture('syncs');
  await close();
});

test('the page of a run: trigger, options, and the skipped records with reasons and ids', async () => {
  const { shop, enter } = dashboard;
  const nobody = newCustomer({ email: '' });
  await shop.addRecords(nobody);
  const { page, consoleErrors, isUsable, picture, close } = await enter();
  await open(page, 'Syncs');
  const customers = card(page, 'Customers');
  await customers.getByText('Options').click();
  await customers.getByLabel(/Only these ids/).fill(`${nobody.id}\nno-such-customer`);
  await button(page, /^Start customers/).click();
  await past(page).getByRole('row').filter({ hasText: '2 ids' }).getByRole('link', { name: 'Customers' }).click();
  await page.getByRole('heading', { level: 2, name: /^Customers sync/ }).waitFor();
  await page.getByText('API or dashboard', { exact: true }).waitFor();
  await page.getByText('2 ids', { exact: true }).waitFor();
  const reasons = page.getByRole('region', { name: 'Skipped and rejected' });
  await reasons.getByText('no record with this id').waitFor();
  const reason = reasons.getByRole('listitem').filter({ hasText: 'the customer has no e-mail' });
  await reason.getByText('1 id', { exact: true }).click();
  await page
    .getByRole('region', { name: /^Log/ })
    .getByText(/^completed, 2 read$/)
    .waitFor();
  await isUsable();
  await picture('run');
  await reason.getByRole('link', { name: nobody.id }).click();
  await page.getByRole('heading', { name: 'Nothing would be sent' }).waitFor();
  await page.goBack();
  await page.getByRole('heading', { level: 1, name: 'Run' }).waitFor();
  assert.deepEqual(consoleErrors, []);
  await page.goto(`${shop.testEnv.service}/#runs/no-such-run`);
  await seen(page, 'there is no such run (any more)');
  await close();
});

test('a sync since a time; an invalid time shows the error of the service and keeps the form', async () => {
  const { page, isUsable, close } = await dashboard.enter();
  await open(page, 'Syncs');
  const orders = card(page, 'Orders');
  await orders.getByText('Options').click();
  const since = orders.getByLabel(/Only records changed since/);
  await since.fill('yesterday');
  await button(page, 'Start orders').click();
  await seen(page, /^since: must be a time such as 2026-03-01T06:00:00Z or 2026-03-01, or "last"$/);
  assert.equal(await since.inputValue(), 'yesterday');
  await isUsable();
  await since.fill(new Date().toISOString());
  await button(page, 'Start orders').click();
  await past(page).getByRole('row').filter({ hasText: 'changed since' }).filter({ hasText: 'Completed' }).waitFor();
  await close();
});

test('a deletion without its confirmation is rejected with the reason', async () => {
  const { page, close } = await dashboard.enter();
  await open(page, 'Syncs');
  const categories = card(page, 'Categories');
  await categories.getByText('Options').click();
  await categories.getByLabel(/Delete all categories/).check();
  await button(page, 'Start categories').click();
  await seen(page, /confirmDeletion: must be "categories"/);
  await close();
});
