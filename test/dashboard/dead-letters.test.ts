/** Dead letters: grouped by record with Klaviyo's message, filtered by choices, retried and discarded. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { button, type DashboardShop, gone, open, rejectedOrder, seen, startDashboardShop } from './dashboard-shop.ts';

let dashboard: DashboardShop;
before(async () => {
  dashboard = await startDashboardShop();
});
after(() => dashboard?.stop());

test('reasons and advice by record, discards that can be undone, retries, filters as choices', async () => {
  const { shop, enter } = dashboard;
  const { page, asked, consoleErrors, isUsable, picture, close } = await enter();
  const [kept, one, other] = [await rejectedOrder(shop), await rejectedOrder(shop), await rejectedOrder(shop)];
  await open(page, 'Dead letters');
  const letter = (made: { id: string }, rule: string) => page.getByRole('group', { name: `order ${made.id}, ${rule}` });
  const record = page.getByRole('article', { name: `order ${kept.id}` });
  const retries = record.getByRole('button', { name: /^Retry/ });
  await retries.nth(1).waitFor();
  assert.equal(await retries.count(), 2, 'both rules of an order are one group');
  await letter(kept, 'placed-order').getByText('Klaviyo: Invalid email address').waitFor();
  await letter(kept, 'placed-order')
    .getByText(/Correct it in commercetools, then retry/)
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

  await button(page, `Retry order ${one.id}, placed-order`).dblclick();
  await seen(page, /Retried: 1 (rejected again|skipped)/);
  assert.equal(asked.filter((url) => url.endsWith('/replay')).length, 1);
  const last = await rejectedOrder(shop);
  await last.correct();
  await page
    .getByLabel('Rule')
    .getByRole('option', { name: /^placed-order \(\d+\)$/ })
    .waitFor({ state: 'attached' });
  await page.getByLabel('Rule').selectOption('placed-order');
  await letter(last, 'placed-order').waitFor();
  assert.equal(await letter(last, 'ordered-product').count(), 0);
  await page.getByLabel('Rule').selectOption('');
  await page.getByLabel(`Select order ${last.id}, placed-order`).check();
  await page.getByLabel(`Select order ${last.id}, ordered-product`).check();
  await button(page, 'Retry (2)').click();
  await seen(page, 'Retried: 2 delivered.');
  await gone(letter(last, 'placed-order'));
  assert.equal((await shop.event('Placed Order', last.id)).profile.email, `corrected.${last.id}@example.com`);

  await letter(other, 'placed-order').waitFor();
  await page.getByLabel('Select all').check();
  await button(page, /^Discard \([1-9]\d*\)/).click();
  await seen(page, 'No dead letters');
  await seen(page, /\d dead letters? discarded\./);
  await page.reload();
  await seen(page, 'No dead letters');
  assert.deepEqual(consoleErrors, []);
  await close();
});

test('a message disappears by itself', async () => {
  await rejectedOrder(dashboard.shop);
  const { page, close } = await dashboard.enter();
  await open(page, 'Dead letters');
  await button(page, /^Discard order/)
    .first()
    .click();
  await button(page, 'Undo').click();
  const notice = page.getByText('Nothing was discarded.');
  await notice.waitFor();
  await gone(notice);
  await close();
});
