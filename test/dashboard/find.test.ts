/** Find in the dashboard, and the confirmation of a sync whose events trigger flows, in Chromium. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { newOrder, type OrderShop, startOrderShop } from '../mapping/order-fixture.ts';
import { startBrowser, visit } from './browser.ts';

let browser: Browser;
let shop: OrderShop;
before(async () => {
  browser = await startBrowser();
  shop = await startOrderShop();
});
after(async () => {
  await browser?.close();
  await shop?.stop();
});

test('an order is found by its number, told in a sentence and sent again; its fields are folded', async () => {
  const order = newOrder({ orderNumber: 'page-1' });
  await shop.addRecords(order);
  const { page, consoleErrors, isUsable, picture, close } = await visit(browser, `${shop.testEnv.service}/#find`);
  await page.getByLabel(/^Order number/).fill(' page-1 ');
  await page.getByRole('button', { name: 'Find' }).click();
  await page.getByRole('heading', { name: /^Order page-1: no Placed Order in Klaviyo/ }).waitFor();
  await page.getByRole('button', { name: 'Send again' }).click();
  await page.getByText('Order page-1: delivered').first().waitFor();
  await page.getByRole('heading', { name: /^Order page-1: Placed Order delivered \d\d:\d\d:\d\d;/ }).waitFor();
  await page.getByRole('table', { name: 'Timeline of Order page-1' }).getByText('delivered').first().waitFor();
  assert.equal(await page.getByText(order.email).count(), 0);
  await isUsable();
  await picture('find');
  await page.getByText('Fields (personal data)').click();
  await page.getByText(order.email).first().waitFor();
  assert.deepEqual(consoleErrors, []);
  await close();
});

test('nothing found says so; the address holds what was searched for', async () => {
  const { page, close } = await visit(browser, `${shop.testEnv.service}/#find/no%20such%20thing`);
  await page.getByText('Nothing in commercetools matches.').waitFor();
  await close();
});

test('a sync whose events trigger flows starts only when the name of the resource was typed', async () => {
  const { page, isUsable, close } = await visit(browser, `${shop.testEnv.service}/#syncs`);
  const box = page.getByRole('region', { name: 'orders' });
  await box.locator('summary').first().click();
  await box.locator('input[name=triggerFlows]').check();
  const start = page.getByRole('button', { name: 'Start orders' });
  await start.click();
  await box.getByText(/This sync sends up to \d+ events that can trigger flows/).waitFor();
  await isUsable();
  await box.locator('input[name=confirmFlows]').fill('yes');
  await start.click();
  await box.getByText(/This sync sends up to/).waitFor();
  assert.deepEqual(await shop.testEnv.app.runs.list('orders'), []);
  await box.locator('input[name=confirmFlows]').fill('orders');
  await start.click();
  await page.getByText('orders sync accepted').first().waitFor();
  await shop.testEnv.app.settled();
  assert.equal((await shop.testEnv.app.runs.list('orders'))[0]?.request.backfill, false);
  await close();
});
