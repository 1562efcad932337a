/** Any record of any shape, through the running service: Klaviyo's sandbox takes what is sent, or there is a reason. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import * as fc from 'fast-check';
import { hostileCategory, hostileCustomer, hostileOrder, hostilePayment, hostileProduct } from './fixtures/hostile.ts';
import { changeDelivery, delivery, reference } from './fixtures/index.ts';
import { type Json, startTestEnv, type TestEnv } from './test-env.ts';

let testEnv: TestEnv;
before(async () => {
  testEnv = await startTestEnv();
});
after(() => testEnv.stop());

const numRuns = 60;
let count = 0;
function unused(): string {
  count += 1;
  return `00000000-0000-4000-9000-${String(count).padStart(12, '0')}`;
}

/** What Klaviyo refused since the last look: the field, which is all that a log line may say. */
function refusedFields(): string[] {
  const lines = testEnv.logged.splice(0).map((line): Json => JSON.parse(line));
  return lines.filter(({ msg }) => msg === 'rejected').map(({ code, field }) => `${code} ${field ?? ''}`);
}

/** Klaviyo may refuse an address that is none; nothing else of what is sent, and nothing is unreadable. */
function assertTaken(status: number): void {
  const refused = refusedFields();
  assert.deepEqual(
    refused.filter((field) => !field.endsWith('/email')),
    [],
  );
  assert.equal(status, refused.length > 0 ? 202 : 204);
}

test('any order is taken by Klaviyo, or skipped with a reason', async () => {
  await fc.assert(
    fc.asyncProperty(hostileOrder, async (any) => {
      const order = { ...any, id: unused() };
      assertTaken(await testEnv.push(delivery('OrderCreated', reference('order', order.id), { order })));
    }),
    { numRuns },
  );
});

test('any refund is taken by Klaviyo, or skipped with a reason', async () => {
  await fc.assert(
    fc.asyncProperty(hostilePayment, hostileOrder, async (anyPayment, anyOrder) => {
      const payment: Json = { ...anyPayment, id: unused() };
      const paymentInfo = { payments: [reference('payment', String(payment.id))] };
      await testEnv.addRecords('payment', payment);
      await testEnv.addRecords('order', { ...anyOrder, id: unused(), paymentInfo });
      const about = reference('payment', String(payment.id));
      assertTaken(await testEnv.push(delivery('PaymentTransactionAdded', about, {})));
    }),
    { numRuns },
  );
});

test('any customer is taken by Klaviyo, or skipped with a reason', async () => {
  await fc.assert(
    fc.asyncProperty(hostileCustomer, async (any) => {
      const customer = { ...any, id: unused() };
      await testEnv.addRecords('customer', customer);
      assertTaken(await testEnv.push(changeDelivery('ResourceUpdated', reference('customer', customer.id))));
    }),
    { numRuns },
  );
});

test('any product is taken by Klaviyo, or skipped with a reason', async () => {
  await fc.assert(
    fc.asyncProperty(hostileProduct, async (any) => {
      const product = { ...any, id: unused() };
      await testEnv.addRecords('product', product);
      assertTaken(await testEnv.push(delivery('ProductPublished', reference('product', product.id), {})));
    }),
    { numRuns },
  );
});

test('any category is taken by Klaviyo, or skipped with a reason', async () => {
  await fc.assert(
    fc.asyncProperty(hostileCategory, async (any) => {
      const category = { ...any, id: unused(), parent: undefined };
      await testEnv.addRecords('category', category);
      assertTaken(await testEnv.push(changeDelivery('ResourceUpdated', reference('category', category.id))));
    }),
    { numRuns: 20 },
  );
});
