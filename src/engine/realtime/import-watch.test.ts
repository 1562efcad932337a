/** Tests when imported orders cause a warning. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  delivery,
  evaluateMessage,
  id,
  type Json,
  lookupsIn,
  message,
  now,
  order,
  reference,
  withoutPayload,
} from '../../../test/fixtures/index.ts';
import { createImportWatch } from './import-watch.ts';

const ref = reference('order', id('0a'));

function watch() {
  const warnings: string[] = [];
  let atMs = now.getTime();
  const watch = createImportWatch(
    () => new Date(atMs),
    (detail) => warnings.push(detail),
  );
  let sequence = 0;
  /** The order is in the payload, or is read. */
  async function evaluated(overrides: Json, isEmbedded: boolean) {
    const own = order({ paymentInfo: undefined, ...overrides });
    const body = isEmbedded ? delivery('OrderImported', ref, { order: own }) : withoutPayload('OrderImported', ref);
    const evaluations = await evaluateMessage(body, { rule: 'placed-order', lookups: lookupsIn({ orders: [own] }) });
    return { body, evaluations };
  }
  return {
    warnings,
    wait(minutes: number): void {
      atMs += minutes * 60_000;
    },
    async imports(count: number, overrides: Json = {}, isEmbedded = true): Promise<void> {
      const { body, evaluations } = await evaluated(overrides, isEmbedded);
      for (let index = 0; index < count; index += 1) {
        sequence += 1;
        watch.observe({ ...message(body), id: `message-${sequence}` }, evaluations);
      }
    },
    async repeat(): Promise<void> {
      const { body, evaluations } = await evaluated({}, true);
      watch.observe({ ...message(body), id: `message-${sequence}` }, evaluations);
    },
  };
}

for (const isEmbedded of [true, false]) {
  const where = isEmbedded ? 'in the message' : 'read from commercetools';
  test(`the 101st import without a date within ten minutes causes one warning: the order is ${where}`, async () => {
    const { imports, warnings, repeat } = watch();
    await imports(100, {}, isEmbedded);
    await repeat();
    assert.deepEqual(warnings, []);
    await imports(101, {}, isEmbedded);
    assert.equal(warnings.length, 1);
    assert.match(warnings[0] ?? '', /order\.importsAreHistory/);
  });

  test(`imports with a date cause none: the order is ${where}`, async () => {
    const { imports, warnings } = watch();
    await imports(200, { completedAt: '2021-05-04T10:00:00.000Z' }, isEmbedded);
    assert.deepEqual(warnings, []);
  });
}

test('imports that are spread over more time cause none', async () => {
  const { imports, warnings, wait } = watch();
  for (let hour = 0; hour < 4; hour += 1) {
    await imports(100);
    wait(11);
  }
  assert.deepEqual(warnings, []);
  await imports(100);
  await imports(1, { completedAt: '2099-05-04T10:00:00.000Z' });
  assert.equal(warnings.length, 1);
});
