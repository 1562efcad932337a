import { id, order, payment } from '../fixtures/index.ts';
import { newCustomer, newOrder, startRows } from '../rows/telling.ts';
import { startBrowser, visit } from './browser.ts';

const rows = await startRows({ overrides: { now: () => new Date() } });
await rows.world.place('order', order());
await rows.world.place('payment', payment());
const browser = await startBrowser();
const v = await visit(browser, rows.world.service);
await v.page.waitForSelector('#rules');
const c = newCustomer();
await rows.place(c);
await rows.tellChange('ResourceUpdated', c.ref);
const bad = newOrder({ customerEmail: 'no e-mail address' });
await rows.tell('OrderCreated', bad.ref, { order: bad.record });
await rows.world.sync('customers');
await new Promise((r) => setTimeout(r, 4500));
await v.picture('now');
for (const h of ['runs', 'dead-letters', `explain/order/${id('0a')}`, 'settings']) {
  await v.page.evaluate(`location.hash = '#/${h}'`);
  await new Promise((r) => setTimeout(r, 2500));
  await v.picture(h.split('/')[0]!);
  try {
    await v.isUsable();
  } catch (e: any) {
    console.log(h, e.message.slice(0, 1500));
  }
}
console.log(v.complaints);
await browser.close();
await rows.stop();
