/** A shop with its service, and a browser that is signed in to its dashboard. */
import assert from 'node:assert/strict';
import type { Browser, Locator, Page } from 'playwright-core';
import { id, order, payment } from '../fixtures/index.ts';
import { newCustomer, newOrder, type OrderShop, startOrderShop } from '../mapping/order-fixture.ts';
import type { TestEnvOptions } from '../test-env.ts';
import { type Appearance, startBrowser, type Visit, visit } from './browser.ts';

export const [full, reader] = ['a-token-that-may-do-everything', 'a-token-that-may-only-look'];

export interface DashboardShop {
  shop: OrderShop;
  browser: Browser;
  /** Signs in with the full-access token, or another one. */
  enter(token?: string, appearance?: Appearance): Promise<Visit>;
  stop(): Promise<void>;
}

/** @param customers how many the shop has */
export async function startDashboardShop(
  customers = 3,
  overrides: TestEnvOptions['overrides'] = {},
): Promise<DashboardShop> {
  const browser = await startBrowser();
  const shop = await startOrderShop({
    env: { API_TOKEN: full, API_TOKEN_READ_ONLY: reader, ALLOW_UNAUTHENTICATED_PUSH: 'true' },
    settings: { commercetools: { pageSize: 10, ranges: 1 } },
    overrides: { now: () => new Date(), ...overrides },
  });
  const [first, ...others] = Array.from({ length: customers }, () => newCustomer());
  assert.ok(first);
  await shop.addRecords(first, ...others);
  await shop.testEnv.addRecords('order', order());
  await shop.testEnv.addRecords('payment', payment());
  return {
    shop,
    browser,
    async enter(token = full, appearance = {}) {
      const visitor = await visit(browser, shop.testEnv.service, appearance);
      await signIn(visitor.page, token);
      return visitor;
    },
    async stop() {
      await browser.close();
      await shop.stop();
    },
  };
}

export async function signIn(page: Page, token: string): Promise<void> {
  await page.getByLabel('Token').fill(token);
  await button(page, 'Sign in').click();
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
}

/** Opens a page by its link in the navigation. */
export async function open(page: Page, name: string): Promise<void> {
  await page.getByRole('navigation').getByRole('link', { name }).click();
  await page.getByRole('heading', { level: 1, name }).waitFor();
}

export async function explain(page: Page, recordId: string, type = 'order'): Promise<void> {
  await page.getByLabel('Type').selectOption(type);
  await page.getByLabel('Id in commercetools').fill(recordId);
  await button(page, 'Explain').click();
}

export const explainedOrder = id('0a');
export const seen = (page: Page, text: string | RegExp): Promise<void> => page.getByText(text).first().waitFor();
export const gone = (locator: Locator): Promise<void> => locator.waitFor({ state: 'detached' });
export const button = (page: Page, name: string | RegExp): Locator => page.getByRole('button', { name });

/** An order that Klaviyo rejects until its e-mail is corrected. */
export async function rejectedOrder(shop: OrderShop) {
  const made = newOrder({ customerEmail: 'no e-mail address' });
  await shop.sendMessage('OrderCreated', made.ref, { order: made.record });
  return {
    ...made,
    correct: () =>
      shop.addRecords({ ...made, record: { ...made.record, customerEmail: `corrected.${made.id}@example.com` } }),
  };
}
