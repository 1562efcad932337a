import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fitProperties, jsonBytes, maxEventPropertiesBytes } from './json-limits.ts';

const fit = (record: Record<string, unknown>, keep: readonly string[] = [], maxBytes = maxEventPropertiesBytes) =>
  fitProperties(record, { keep, maxBytes });
const nested = (levels: number): unknown => (levels === 0 ? 'deep' : { a: nested(levels - 1) });

test('properties within the limits are unchanged and give no warning', () => {
  const record = { a: 1, b: [true, null, { c: 'x' }] };
  assert.deepEqual(fit(record), { properties: record, warnings: [] });
});

test('of more than 400 properties the kept names remain and the last of the others are cut', () => {
  const many = Object.fromEntries(Array.from({ length: 401 }, (_, index) => [`p${index}`, index]));
  const { properties, warnings } = fit({ ...many, lineItems: [], OrderId: '1' }, ['OrderId', 'lineItems']);
  assert.equal(Object.keys(properties).length, 400);
  assert.ok('OrderId' in properties && 'lineItems' in properties && 'p0' in properties && !('p400' in properties));
  assert.deepEqual(
    warnings.map(({ code }) => code),
    ['properties_cut'],
  );
  assert.match(warnings[0]?.detail ?? '', /p400/);
});

test('a text of more than 100 KB is cut, and a warning names the property', () => {
  const { properties, warnings } = fit({ note: 'ä'.repeat(60_000) });
  assert.equal(properties.note, 'ä'.repeat(50_000));
  assert.match(warnings[0]?.detail ?? '', /note/);
});

test('of more than 4,000 items the first 4,000 remain', () => {
  const { properties } = fit({ list: Array.from({ length: 4_001 }, (_, index) => index) });
  assert.equal(Array.isArray(properties.list) && properties.list.length, 4_000);
});

test('values below ten levels are left out', () => {
  assert.deepEqual(fit({ a: nested(8) }).warnings, []);
  assert.equal(fit({ a: nested(9) }).warnings.length, 0);
  assert.equal(fit({ a: nested(10) }).warnings.length, 1);
  assert.equal(fit({ a: nested(5_000) }).warnings.length, 1);
});

test('properties that are too large lose other large fields first, then the last items of a kept list', () => {
  const lineItems = Array.from({ length: 1_000 }, (_, index) => ({ index, text: 'x'.repeat(90) }));
  const record = { orderState: 'Open', custom: { text: 'y'.repeat(3_000) }, lineItems, OrderId: '1' };
  const { properties, warnings } = fit(record, ['OrderId', 'lineItems'], 80_000);
  assert.ok(jsonBytes(properties) <= 80_000);
  assert.equal(properties.orderState, 'Open', 'what is small is not worth losing');
  assert.equal(properties.custom, undefined);
  assert.ok(Array.isArray(properties.lineItems) && properties.lineItems.length > 500);
  assert.match(warnings[0]?.detail ?? '', /custom, lineItems/);
});

test("numbers that JSON can't represent are left out", () => {
  assert.deepEqual(fit({ a: Number.NaN, b: [Number.POSITIVE_INFINITY, 1] }).properties, { b: [null, 1] });
});
