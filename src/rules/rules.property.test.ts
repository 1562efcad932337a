/** Properties that hold for arbitrary records: changes are within Klaviyo's limits, and every skip has a reason. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import {
  hostileCategory,
  hostileCustomer,
  hostileOrder,
  hostilePayment,
  hostileProduct,
  hostileText,
} from '../../test/fixtures/hostile.ts';
import {
  categories,
  evaluateRecords,
  id,
  inventoryEntry,
  type Json,
  lookupsIn,
  messageCause,
  now,
  repair,
  run,
  settings,
} from '../../test/fixtures/index.ts';
import { violatedLimits } from '../../test/fixtures/limits.ts';
import { rulesByResource } from './index.ts';
import type { Cause, RuleEvaluation } from './types.ts';

const runs = { numRuns: 150 };
const template = fc.constantFrom('', 'https://shop.example/{{productSlug}}/{{productSlug}}');
const environment = fc.record({
  preferredLocale: fc.constantFrom('', 'en-US', 'de_AT', 'not a locale'),
  preferredCurrency: fc.constantFrom('', 'EUR', 'JPY'),
  productUrlTemplate: template,
});
const causes = fc.constantFrom<Cause>(run, repair, messageCause('OrderStateChanged', { orderState: 'Complete' }));

function assertTaken(evaluations: readonly RuleEvaluation[]): void {
  for (const output of evaluations) {
    assert.equal(output.outcome, 'mapped', JSON.stringify(output));
    if (output.outcome !== 'mapped') continue;
    const { changes, skips, warnings } = output.output;
    for (const change of changes) assert.deepEqual(violatedLimits(change, now), []);
    assert.ok(changes.length > 0 || skips.length > 0, 'nothing happens without a reason');
    for (const reason of skips) assert.notEqual(reason, '');
    for (const { detail } of warnings) assert.ok(detail.length < 3_000);
  }
}

test("any customer is mapped within Klaviyo's limits or skipped with a reason", async () => {
  const property = fc.asyncProperty(hostileCustomer, fc.boolean(), async (record, clearEmpty) => {
    const options = {
      rule: 'profile',
      lookups: lookupsIn({}),
      settings: settings({ customer: { clearEmpty } }),
      cause: run,
    };
    assertTaken(await evaluateRecords([record], options));
  });
  await fc.assert(property, runs);
});

for (const { name: rule } of rulesByResource.order) {
  test(`any order is mapped by ${rule} within Klaviyo's limits or skipped with a reason`, async () => {
    const any = {
      order: hostileOrder,
      payment: hostilePayment,
      product: hostileProduct,
      code: hostileText,
      environment,
      cause: causes,
    };
    const property = fc.asyncProperty(fc.record(any), async ({ order, payment, product, code, environment, cause }) => {
      const shop = {
        products: [product],
        payments: [payment],
        categories: categories(),
        discountCodes: { [id('dc1')]: code },
      };
      const set = settings({ order: { reasonField: 'f1' } }, environment);
      assertTaken(await evaluateRecords([order], { rule, lookups: lookupsIn(shop), settings: set, cause }));
    });
    await fc.assert(property, runs);
  });
}

test("any product is mapped within Klaviyo's limits, deleted, or skipped with a reason", async () => {
  const any = {
    product: hostileProduct,
    environment,
    entries: fc.constantFrom<Json[] | undefined>(undefined, [], [inventoryEntry()]),
  };
  const property = fc.asyncProperty(fc.record(any), async ({ product, environment, entries }) => {
    const lookups = lookupsIn({ categories: categories(), inventory: entries });
    assertTaken(
      await evaluateRecords([product], { rule: 'item', lookups, settings: settings({}, environment), cause: run }),
    );
  });
  await fc.assert(property, runs);
});

test("any category has a name within Klaviyo's limits", async () => {
  const property = fc.asyncProperty(hostileCategory, environment, async (record, from) => {
    const lookups = lookupsIn({ categories: [...categories(), record] });
    assertTaken(
      await evaluateRecords([record], { rule: 'category', lookups, settings: settings({}, from), cause: run }),
    );
  });
  await fc.assert(property, runs);
});

test('any stock becomes a quantity that Klaviyo accepts', async () => {
  const property = fc.asyncProperty(fc.integer(), hostileText, async (availableQuantity, sku) => {
    const entry = inventoryEntry({ availableQuantity, sku });
    assertTaken(
      await evaluateRecords([entry], { rule: 'stock', lookups: lookupsIn({ inventory: [entry] }), cause: run }),
    );
  });
  await fc.assert(property, runs);
});

test('equal facts give equal changes', async () => {
  const property = fc.asyncProperty(hostileOrder, hostilePayment, async (order, payment) => {
    const options = { rule: 'refunded-order', lookups: lookupsIn({ payments: [payment] }), cause: run };
    assert.deepEqual(await evaluateRecords([order], options), await evaluateRecords([order], options));
  });
  await fc.assert(property, { numRuns: 30 });
});
