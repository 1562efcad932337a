/** The dashboard in Chromium, with a real service and both sandboxes. Screenshots go to CTK_SCREENSHOTS if it is set. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser, Locator, Page } from 'playwright-core';
import { id, order, payment } from '../fixtures/index.ts';
import { newCustomer, newOrder, type OrderShop, startOrderShop } from '../mapping/order-fixture.ts';
import { startBrowser, type Visit, visit } from './browser.ts';

const [full, reader] = ['a-token-that-may-do-everything', 'a-token-that-may-only-look'];

let browser: Browser;
let shop: OrderShop;
before(async () => {
  browser = await startBrowser();
  shop = await startOrderShop({
    env: { API_TOKEN: full, API_TOKEN_READ_ONLY: reader, ALLOW_UNAUTHENTICATED_PUSH: 'true' },
    settings: { commercetools: { pageSize: 10, ranges: 1 } },
    overrides: { now: () => new Date() },
  });
  const [first, ...customers] = Array.from({ length: 45 }, () => newCustomer());
  assert.ok(first);
  await shop.addRecords(first, ...customers);
  await shop.testEnv.addRecords('order', order());
  await shop.testEnv.addRecords('payment', payment());
});
after(async () => {
  await browser?.close();
  await shop?.stop();
});

async function logIn(page: Page, token: string): Promise<void> {
  await page.getByLabel('Token').fill(token);
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByRole('heading', { name: 'Rules', exact: true }).waitFor();
}

async function enter(token = full, appearance = {}): Promise<Visit> {
  const visitor = await visit(browser, shop.testEnv.service, appearance);
  await logIn(visitor.page, token);
  return visitor;
}

async function open(page: Page, view: string): Promise<void> {
  await page.getByRole('link', { name: view, exact: true }).first().click();
  await page.getByRole('heading', { level: 1, name: view }).waitFor();
}

const seen = (page: Page, text: string | RegExp): Promise<void> => page.getByText(text).first().waitFor();
const gone = (locator: Locator): Promise<void> => locator.waitFor({ state: 'detached' });
const button = (page: Page, name: string | RegExp): Locator => page.getByRole('button', { name });

/** An order that Klaviyo refuses until it is mended. */
async function rejectedOrder() {
  const made = newOrder({ customerEmail: 'no e-mail address' });
  await shop.sendMessage('OrderCreated', made.ref, { order: made.record });
  return {
    ...made,
    mend: () =>
      shop.addRecords({ ...made, record: { ...made.record, customerEmail: `mended.${made.id}@example.com` } }),
  };
}

test('login with a wrong token shows an error, with the right one the service; logout ends the session', async () => {
  const { page, asked, consoleErrors, isUsable, picture, close } = await visit(browser, shop.testEnv.service);
  await page.getByLabel('Token').fill('wrong-wrong-wrong-wrong');
  await button(page, 'Log in').click();
  await seen(page, /none of the tokens of API_TOKEN/);
  await isUsable();
  await picture('login');
  await logIn(page, full);
  await seen(page, /This replica:/);
  assert.equal(
    await page.evaluate('document.cookie + JSON.stringify(localStorage) + location.href'),
    `{}${page.url()}`,
  );
  assert.ok(asked.every((url) => url.startsWith(shop.testEnv.service) && !url.includes('token')));
  // The wrong token's 401 is the only thing that the browser had to say.
  assert.deepEqual(
    consoleErrors.filter((text) => !text.includes('401')),
    [],
  );
  await page.reload();
  await seen(page, /This replica:/);
  await button(page, 'Log out').click();
  await page.getByRole('heading', { name: 'Log in' }).waitFor();
  await page.goto(`${shop.testEnv.service}/#/settings`);
  await page.getByRole('heading', { name: 'Log in' }).waitFor();
  await close();
});

test('now: deliveries and rejections appear live; the feed can be filtered and paused', async () => {
  const { page, consoleErrors, picture, close } = await enter();
  const row = (rule: string) => page.getByRole('row').filter({ has: page.getByText(rule, { exact: true }) });
  await row('profile').getByText('never').waitFor();
  const customer = newCustomer();
  await shop.addRecords(customer);
  assert.equal(await shop.sendChange('ResourceUpdated', customer.ref), 204);
  const bad = await rejectedOrder();
  await row('profile')
    .getByText(/\d+ s ago/)
    .waitFor();
  await row('placed-order').getByRole('img', { name: '0 changes delivered, 1 rejected' }).waitFor();
  const feed = page.getByRole('list', { name: /What is happening/ });
  await feed.getByText(/ResourceUpdated delivered/).waitFor();
  await feed.getByText(/OrderCreated dead-lettered: invalid/).waitFor();
  assert.doesNotMatch(await feed.innerText(), /no e-mail address|@/);
  await row('importProfile').getByRole('meter').waitFor();
  await picture('now');
  await page.getByRole('combobox', { name: 'Rule' }).selectOption('profile');
  await gone(feed.getByText(new RegExp(bad.id)).first());
  await feed.getByText(new RegExp(customer.id)).waitFor();
  await button(page, 'Pause').click();
  await shop.sendChange('ResourceUpdated', customer.ref);
  await seen(page, /Paused; 1 line since/);
  assert.equal(await feed.getByText(/ResourceUpdated delivered/).count(), 1);
  await button(page, 'Go on').click();
  await feed
    .getByText(/ResourceUpdated delivered/)
    .nth(1)
    .waitFor();
  assert.deepEqual(consoleErrors, []);
  await close();
});

test('runs: started, seen at work, stopped, resumed to the end, with what was skipped and why', async () => {
  const { page, consoleErrors, picture, close } = await enter();
  await open(page, 'Runs');
  const nobody = newCustomer({ email: '' });
  await shop.addRecords(nobody);
  const slow = await shop.injectFault({ kind: 'delay', ms: 1_500, path: '/shop/customers', after: 2 });
  await button(page, 'Start customers').click();
  await seen(page, 'customers sync accepted');
  const box = page.getByRole('region', { name: 'customers' });
  await box.getByText(/^\s*[1-9]\d* of \d+ read/).waitFor();
  await box.getByText(/records a second/).waitFor();
  await picture('runs');
  await button(page, 'Stop customers').click();
  await button(page, 'Resume customers').waitFor();
  const history = page.getByRole('table', { name: /Runs that ended/ });
  await history.getByText('stopped').first().waitFor();
  await slow.clear();
  await button(page, 'Resume customers').click();
  await history.getByText('completed').first().waitFor();
  await history.getByText('1 reason').first().click();
  await history.getByText('1 × the customer has no e-mail').first().waitFor();
  await gone(button(page, 'Resume customers'));
  await history.getByRole('link', { name: nobody.id }).first().click();
  await page.getByRole('heading', { level: 2, name: `customer ${nobody.id}` }).waitFor();
  await page
    .getByRole('region', { name: 'profile', exact: true })
    .getByText('the customer has no e-mail', { exact: true })
    .waitFor();
  assert.deepEqual(consoleErrors, []);
  await close();
});

test('runs: sync since a time; an invalid time shows the error of the service', async () => {
  const { page, isUsable, picture, close } = await enter();
  await open(page, 'Runs');
  const box = page.getByRole('region', { name: 'products' });
  await box.getByText('Options').click();
  const since = box.getByLabel(/Only what changed since/);
  await since.fill('yesterday');
  await button(page, 'Start products').click();
  await seen(page, /^since: must be a time such as 2026-03-01T06:00:00Z or 2026-03-01, or "last"$/);
  assert.equal(await since.inputValue(), 'yesterday');
  await isUsable();
  await picture('runs-since');
  await since.fill(new Date().toISOString());
  await button(page, 'Start products').click();
  const row = page.getByRole('row').filter({ hasText: 'products' }).filter({ hasText: 'completed' });
  await row.waitFor();
  await row.getByRole('cell', { name: '0', exact: true }).first().waitFor();
  await close();
});

test('runs: sync by ids; a deletion without confirmation is rejected with the reason', async () => {
  const { page, close } = await enter();
  await open(page, 'Runs');
  const box = page.getByRole('region', { name: 'orders' });
  await box.getByText('Options').click();
  await box.getByLabel(/Only these ids/).fill(`${id('0a')}\nno-such-order`);
  await button(page, 'Start orders').click();
  const row = page.getByRole('row').filter({ hasText: 'orders' }).filter({ hasText: 'completed' });
  await row.waitFor();
  await row.getByText('1 reason').click();
  await row.getByText('1 × no record with this id').waitFor();
  const categories = page.getByRole('region', { name: 'categories' });
  await categories.getByText('Options').click();
  await categories.getByLabel(/Delete all categories/).check();
  await button(page, 'Start categories').click();
  await seen(page, /confirmDeletion: must be "categories"/);
  await close();
});

test('dead letters: why and what to do, undone in time, discarded, replayed, many at once', async () => {
  const { page, consoleErrors, isUsable, picture, close } = await enter();
  const [kept, one, other] = [await rejectedOrder(), await rejectedOrder(), await rejectedOrder()];
  await open(page, 'Dead letters');
  const letter = (made: { id: string }, rule: string) =>
    page.getByRole('row').filter({ hasText: made.id }).filter({ hasText: rule });
  await letter(kept, 'placed-order').getByText('Invalid email address').waitFor();
  await letter(kept, 'placed-order')
    .getByText(/Mend it in commercetools, then replay/)
    .waitFor();
  await picture('dead-letters');
  await isUsable();

  const discard = button(page, `Discard order ${kept.id}, placed-order`);
  await discard.click();
  await seen(page, '1 dead letter will be discarded.');
  await gone(letter(kept, 'placed-order'));
  await button(page, 'Undo').click();
  await letter(kept, 'placed-order').waitFor();
  await discard.click();
  await seen(page, '1 dead letter discarded.');
  await gone(letter(kept, 'placed-order'));
  await letter(kept, 'ordered-product').waitFor();

  await button(page, `Replay order ${one.id}, placed-order`).click();
  await seen(page, /Replayed: 1 (rejected again|skipped)/);
  const last = await rejectedOrder();
  await last.mend();
  await page.getByLabel('Record type').fill('order');
  await button(page, 'Show').click();
  await letter(last, 'placed-order').waitFor();
  await page.getByLabel(`Choose order ${last.id}, placed-order`).check();
  await page.getByLabel(`Choose order ${last.id}, ordered-product`).check();
  await button(page, 'Replay 2 chosen').click();
  await seen(page, 'Replayed: 2 delivered.');
  await gone(letter(last, 'placed-order'));
  assert.equal((await shop.event('Placed Order', last.id)).profile.email, `mended.${last.id}@example.com`);

  await letter(other, 'placed-order').waitFor();
  await page.getByLabel('All that are shown').check();
  await button(page, /^Discard [1-9]\d* chosen/).click();
  await seen(page, /No dead letters/);
  await seen(page, /\d dead letters? discarded\./);
  await page.reload();
  await seen(page, /No dead letters/);
  assert.deepEqual(consoleErrors, []);
  await close();
});

test('explain: an order from the fields that it comes from, a customer beside what Klaviyo holds', async () => {
  const { page, consoleErrors, isUsable, picture, close } = await enter();
  await open(page, 'Explain');
  await page.getByLabel('Id in commercetools').fill(id('0a'));
  await button(page, 'Explain').click();
  const rule = (name: string) => page.getByRole('region', { name, exact: true });
  const value = (name: string, path: string) =>
    rule(name)
      .getByRole('row')
      .filter({ has: page.getByText(path, { exact: true }) })
      .first();
  await value('placed-order', 'properties.OrderId').getByText('order: orderNumber').waitFor();
  await value('placed-order', 'value')
    .getByText(/computed from order: totalPrice.centAmount/)
    .waitFor();
  await rule('fulfilled-order')
    .getByText(/an order that is Open does not count as fulfilled/)
    .waitFor();
  await isUsable();
  await picture('explain');

  const customer = newCustomer();
  await shop.addRecords(customer);
  await shop.sendChange('ResourceUpdated', customer.ref);
  await shop.addRecords({ ...customer, record: { ...customer.record, version: 9, firstName: 'Maja' } });
  await page.getByLabel('Type').selectOption('customer');
  await page.getByLabel('Id in commercetools').fill(customer.id);
  await button(page, 'Explain').click();
  const name = value('profile', 'profile.first_name');
  await name.getByText('Maja').waitFor();
  await name.getByText('Mia').waitFor();
  await value('profile', 'profile.last_name').getByText('the same').waitFor();
  assert.equal((await shop.profile(customer.id)).first_name, 'Mia');
  assert.deepEqual(consoleErrors, []);

  await page.getByLabel('Id in commercetools').fill('no-such-customer');
  await button(page, 'Explain').click();
  await seen(page, 'commercetools has no customer with the id no-such-customer');
  await close();
});

test('settings: what is in force, from where, secrets hidden', async () => {
  const { page, consoleErrors, picture, close } = await enter();
  await open(page, 'Settings');
  const row = (name: string) => page.getByRole('row').filter({ has: page.getByText(name, { exact: true }) });
  await row('API_TOKEN').getByText('***').waitFor();
  await row('commercetools.pageSize').getByText('NODE_CONFIG').waitFor();
  await row('runs.maxEnded').getByText('default').waitFor();
  await page.getByLabel('Only what was set').check();
  await gone(row('runs.maxEnded'));
  await row('commercetools.pageSize').waitFor();
  await picture('settings');
  assert.deepEqual(consoleErrors, []);
  await close();
});

test('live check: it names what will stay, is started after a confirmation, and shows what was found', async () => {
  const { page, consoleErrors, isUsable, picture, close } = await enter();
  const section = page.getByRole('region', { name: 'Verified in your accounts' });
  await section.getByText('never').waitFor();
  await button(page, 'Verify…').click();
  await section.getByText(/the profile ctk-live-check@example\.com/).waitFor();
  await isUsable();
  await button(page, 'Cancel').click();
  await button(page, 'Verify…').click();
  await button(page, 'Create the test records').click();
  await seen(page, 'The live check has started.');
  await section.getByText(/^Under way: /).waitFor();
  const row = section.getByRole('row').filter({ hasText: 'repeated events in a bulk body' });
  await row.getByText('ignored', { exact: true }).waitFor();
  await gone(section.getByText('never'));
  await isUsable();
  await picture('live-check');
  assert.deepEqual(consoleErrors, []);
  await close();
});

test('read-only access: every view is shown, and buttons that change something are disabled with the reason', async () => {
  await rejectedOrder();
  const { page, isUsable, close } = await enter(reader);
  await open(page, 'Runs');
  await seen(page, 'You may only look: log in with a token of API_TOKEN to act.');
  const start = button(page, 'Start orders');
  assert.ok(await start.isDisabled());
  assert.equal(await start.getAttribute('aria-describedby'), 'why-not');
  await isUsable();
  await open(page, 'Dead letters');
  const replays = button(page, /^Replay order/);
  await replays.first().waitFor();
  assert.ok(await replays.first().isDisabled());
  await open(page, 'Explain');
  await page.getByLabel('Id in commercetools').fill(id('0a'));
  await button(page, 'Explain').click();
  await page.getByRole('region', { name: 'placed-order', exact: true }).waitFor();
  await close();
});

test('by keyboard alone: past the menu, to another view, whose heading is read first', async () => {
  const { page, close } = await enter();
  await page.reload();
  await page.getByRole('heading', { name: 'Rules', exact: true }).waitFor();
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate('document.activeElement.textContent'), 'To the content');
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate('document.activeElement.tagName'), 'H1');
  await page.getByRole('link', { name: 'Runs', exact: true }).first().focus();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: 'Runs' }).waitFor();
  await page.waitForFunction(
    "document.activeElement.textContent === 'Runs' && document.activeElement.tagName === 'H1'",
  );
  await close();
});

describe('every view is usable', () => {
  for (const appearance of [
    { colors: 'light', width: 1280 },
    { colors: 'dark', width: 360 },
  ] as const) {
    const { width } = appearance;
    test(`in ${appearance.colors}, ${width} wide: nothing for axe-core to find, nothing to scroll sideways`, async () => {
      await rejectedOrder();
      const { page, consoleErrors, isUsable, picture, close } = await enter(full, appearance);
      for (const view of ['Now', 'Runs', 'Dead letters', 'Settings', 'Explain']) {
        await open(page, view);
        if (view === 'Explain') {
          await page.getByLabel('Id in commercetools').fill(id('0a'));
          await button(page, 'Explain').click();
          await page.getByRole('region', { name: 'placed-order', exact: true }).waitFor();
        } else if (view !== 'Runs') await page.getByRole('table').first().waitFor();
        await isUsable();
        await picture(`${view.toLowerCase().replace(' ', '-')}-${appearance.colors}-${width}`);
      }
      assert.deepEqual(consoleErrors, []);
      await close();
    });
  }
});

test('a service that ends says so on the page, and ends though the page is open', async () => {
  const own = await startOrderShop({ overrides: { now: () => new Date() } });
  const { page, close } = await visit(browser, own.testEnv.service);
  await seen(page, '● live');
  await own.stop();
  await seen(page, '○ no connection');
  await close();
});
