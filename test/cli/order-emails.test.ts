/** The count of orders whose e-mail is not that of their customer. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import pino from 'pino';
import { createComponents } from '../../src/app/components.ts';
import { describeOrderEmails } from '../../src/cli/check/order-emails.ts';
import { readConfig } from '../../src/config/config.ts';
import { newCustomer, newOrder, startOrderShop } from '../mapping/order-fixture.ts';

test('orders of customers with another e-mail are counted, without regard to case', async () => {
  await using shop = await startOrderShop();
  const customer = newCustomer();
  await shop.addRecords(customer);
  const own = { customerId: customer.id };
  await shop.addRecords(
    newOrder(),
    newOrder({ ...own, customerEmail: customer.email.toUpperCase() }),
    newOrder({ ...own, customerEmail: 'office@example.com' }),
    newOrder({ customerId: newCustomer().id }),
  );
  const { commercetools, stop } = createComponents(readConfig(shop.testEnv.env), pino({ level: 'silent' }));
  assert.match(await describeOrderEmails(commercetools), /^1 of the latest 4 orders/);
  await stop();
});
