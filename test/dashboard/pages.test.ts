/** Sign-in, activity, explain, settings and live check in Chromium; every page in light, dark and on a phone. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { newCustomer, startOrderShop } from '../mapping/order-fixture.ts';
import { visit } from './browser.ts';
import {
  button,
  type DashboardShop,
  explain,
  explainedOrder,
  full,
  gone,
  open,
  reader,
  rejectedOrder,
  seen,
  signIn,
  startDashboardShop,
} from './dashboard-shop.ts';

let dashboard: DashboardShop;
before(async () => {
  dashboard = await startDashboardShop();
});
after(() => dashboard?.stop());

test('a wrong token shows an error, the right one the service; signing out ends the session', async () => {
  const { service } = dashboard.shop.testEnv;
  const { page, asked, consoleErrors, isUsable, picture, close } = await visit(dashboard.browser, service);
  await page.getByLabel('Token').fill('wrong-wrong-wrong-wrong');
  await button(page, 'Sign in').click();
  await seen(page, /none of the tokens of API_TOKEN/);
  await isUsable();
  await picture('sign-in');
  await signIn(page, full);
  await seen(page, /This replica:/);
  assert.equal(
    await page.evaluate('document.cookie + JSON.stringify(localStorage) + location.href'),
    `{}${page.url()}`,
  );
  assert.ok(asked.every((url) => url.startsWith(service) && !url.includes('token')));
  // The wrong token's 401 is the only thing that the browser reported.
  assert.deepEqual(
    consoleErrors.filter((text) => !text.includes('401')),
    [],
  );
  await page.reload();
  await seen(page, /This replica:/);
  await button(page, 'Sign out').click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  assert.equal(await page.getByText('Your session has expired').count(), 0);
  await page.goto(`${service}/#settings`);
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await close();
});

test('an expired session says so, and the page is there again after signing in', async () => {
  const { page, close } = await dashboard.enter();
  await open(page, 'Syncs');
  await button(page, 'Start categories').waitFor();
  await page.context().clearCookies();
  await button(page, 'Start categories').click();
  await seen(page, 'Your session has expired. Sign in again.');
  await page.getByLabel('Token').fill(full);
  await button(page, 'Sign in').click();
  await page.getByRole('heading', { level: 1, name: 'Syncs' }).waitFor();
  await close();
});

test('activity: deliveries and rejections appear live; the feed can be filtered and paused', async () => {
  const { shop, enter } = dashboard;
  const { page, consoleErrors, picture, close } = await enter();
  await open(page, 'Activity');
  const row = (rule: string) => page.getByRole('row').filter({ has: page.getByText(rule, { exact: true }) });
  await row('profile').getByText('never').waitFor();
  const customer = newCustomer();
  await shop.addRecords(customer);
  assert.equal(await shop.sendChange('ResourceUpdated', customer.ref), 204);
  const bad = await rejectedOrder(shop);
  await row('profile')
    .getByText(/\d+ s ago/)
    .waitFor();
  await row('placed-order').getByRole('img', { name: '0 changes delivered, 1 rejected' }).waitFor();
  const feed = page.getByRole('list', { name: /Live activity/ });
  await feed.getByText(/ResourceUpdated delivered/).waitFor();
  await feed.getByText(/OrderCreated dead-lettered: invalid/).waitFor();
  assert.doesNotMatch(await feed.innerText(), /no e-mail address|@/);
  await picture('activity');
  await page.getByRole('combobox', { name: 'Rule' }).selectOption('profile');
  await gone(feed.getByText(new RegExp(bad.id)).first());
  await feed.getByText(new RegExp(customer.id)).waitFor();
  await button(page, 'Pause').click();
  await shop.sendChange('ResourceUpdated', customer.ref);
  await seen(page, 'Paused, 1 new line');
  assert.equal(await feed.getByText(/ResourceUpdated delivered/).count(), 1);
  await button(page, 'Continue').click();
  await feed
    .getByText(/ResourceUpdated delivered/)
    .nth(1)
    .waitFor();
  assert.deepEqual(consoleErrors, []);
  await close();
});

test("explain: the verdict first, then Klaviyo's field names with their origin and the current value, folded", async () => {
  const { shop, enter } = dashboard;
  const { page, consoleErrors, isUsable, picture, close } = await enter(full, { width: 390 });
  await open(page, 'Explain');
  await explain(page, explainedOrder);
  await page.getByRole('heading', { name: /^Would be sent: Placed Order, / }).waitFor();
  const rule = (name: string) => page.getByRole('region', { name, exact: true });
  await rule('fulfilled-order')
    .getByText(/an order that is Open does not count as fulfilled/)
    .waitFor();
  const height = await page.evaluate('document.documentElement.scrollHeight');
  assert.ok(Number(height) <= 3_000, `${height} px on a phone`);
  await picture('explain-phone');
  const field = (name: string, path: string) =>
    rule(name)
      .getByRole('listitem')
      .filter({ has: page.getByText(path, { exact: true }) })
      .first();
  await rule('placed-order')
    .getByText(/^Fields/)
    .click();
  await field('placed-order', 'unique_id').getByText('from order: id').waitFor();
  await field('placed-order', 'value')
    .getByText(/computed from order: totalPrice.centAmount/)
    .waitFor();
  await rule('placed-order').getByText('properties', { exact: true }).click();
  await field('placed-order', 'OrderId').getByText('from order: orderNumber').waitFor();
  await isUsable();

  const customer = newCustomer();
  await shop.addRecords(customer);
  await shop.sendChange('ResourceUpdated', customer.ref);
  await shop.addRecords({ ...customer, record: { ...customer.record, version: 9, firstName: 'Maja' } });
  await explain(page, customer.id, 'customer');
  await rule('profile').getByText('1 different in Klaviyo').click();
  const name = field('profile', 'first_name');
  await name.getByText('Maja').waitFor();
  await name.getByText('in Klaviyo: Mia').waitFor();
  assert.equal((await shop.profile(customer.id)).first_name, 'Mia');
  assert.deepEqual(consoleErrors, []);

  await explain(page, 'no-such-customer', 'customer');
  await seen(page, 'commercetools has no customer with the id no-such-customer');
  await close();
});

test('settings: what is in force, from where, secrets hidden', async () => {
  const { page, consoleErrors, picture, close } = await dashboard.enter();
  await open(page, 'Settings');
  const row = (name: string) => page.getByRole('row').filter({ has: page.getByText(name, { exact: true }) });
  await row('API_TOKEN').getByText('***').waitFor();
  await row('commercetools.pageSize').getByText('NODE_CONFIG').waitFor();
  assert.equal(await row('runs.maxEnded').count(), 0);
  await page.getByLabel('Hide defaults').uncheck();
  await row('runs.maxEnded').getByText('default').waitFor();
  await picture('settings');
  assert.deepEqual(consoleErrors, []);
  await close();
});

test('live check: names what will stay, starts after a confirmation, and shows what was found', async () => {
  const { page, consoleErrors, isUsable, picture, close } = await dashboard.enter();
  await open(page, 'Settings');
  const section = page.getByRole('region', { name: 'Verified in your accounts' });
  await section.getByText('never').waitFor();
  await button(page, 'Verify…').click();
  await section.getByText(/the profile ctk-live-check@example\.com/).waitFor();
  await isUsable();
  await button(page, 'Cancel').click();
  await button(page, 'Verify…').click();
  await button(page, 'Create the test records').click();
  await seen(page, 'The live check has started.');
  await section.getByText(/^Running: /).waitFor();
  await gone(section.getByText(/^Running: /));
  await section.getByText(/^\d+ facts, \d+ as expected$/).click();
  const row = section.getByRole('row').filter({ hasText: 'repeated events in a bulk body' });
  await row.getByText('ignored', { exact: true }).first().waitFor();
  await gone(section.getByText('never'));
  await isUsable();
  await picture('live-check');
  assert.deepEqual(consoleErrors, []);
  await close();
});

test('read-only access: every page is shown, and buttons that change something are disabled with the reason', async () => {
  await rejectedOrder(dashboard.shop);
  const { page, isUsable, close } = await dashboard.enter(reader);
  await open(page, 'Syncs');
  await seen(page, 'Read-only. Sign in with a full-access token to make changes.');
  const start = button(page, 'Start orders');
  assert.ok(await start.isDisabled());
  assert.equal(await start.getAttribute('aria-describedby'), 'why-not');
  await isUsable();
  await open(page, 'Dead letters');
  const retries = button(page, /^Retry order/);
  await retries.first().waitFor();
  assert.ok(await retries.first().isDisabled());
  await open(page, 'Explain');
  await explain(page, explainedOrder);
  await page.getByRole('region', { name: 'placed-order', exact: true }).waitFor();
  await close();
});

test('by keyboard alone: past the navigation, to another page, whose heading is read first', async () => {
  const { page, close } = await dashboard.enter();
  await page.reload();
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate('document.activeElement.textContent'), 'Skip to content');
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate('document.activeElement.tagName'), 'H1');
  await page.getByRole('navigation').getByRole('link', { name: 'Syncs' }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: 'Syncs' }).waitFor();
  await page.waitForFunction(
    "document.activeElement.textContent === 'Syncs' && document.activeElement.tagName === 'H1'",
  );
  assert.match(page.url(), /#syncs$/);
  await close();
});

describe('every page is usable', () => {
  // Each colour scheme and each layout once: neither changes the other.
  for (const appearance of [
    { colors: 'light', width: 1280 },
    { colors: 'dark', width: 360 },
  ] as const) {
    const { colors, width } = appearance;
    test(`in ${colors}, ${width} wide: nothing for axe-core to find, nothing to scroll sideways`, async () => {
      await rejectedOrder(dashboard.shop);
      const { page, consoleErrors, isUsable, picture, close } = await dashboard.enter(full, appearance);
      for (const name of ['Overview', 'Syncs', 'Dead letters', 'Explain', 'Activity', 'Settings']) {
        await open(page, name);
        if (name === 'Explain') {
          await explain(page, explainedOrder);
          await page.getByRole('region', { name: 'placed-order', exact: true }).waitFor();
          await page
            .getByText(/^Fields/)
            .first()
            .click();
        } else if (name === 'Dead letters') await page.getByRole('article').first().waitFor();
        else await page.getByRole('region').first().waitFor();
        await isUsable();
        await picture(`${name.toLowerCase().replace(' ', '-')}-${colors}-${width}`);
      }
      assert.deepEqual(consoleErrors, []);
      await close();
    });
  }
});

test('a service that ends says so on the page, and ends though the page is open', async () => {
  const own = await startOrderShop({ overrides: { now: () => new Date() } });
  const { page, close } = await visit(dashboard.browser, own.testEnv.service);
  await seen(page, 'Live');
  await own.stop();
  await seen(page, 'No connection');
  await close();
});
