import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lineItem, order, product, settings, variant } from '../../../test/fixtures/index.ts';
import { type LineItem, orderSchema, productSchema } from '../../commercetools/schemas.ts';
import { brandOf } from './brand.ts';

const german = settings({}, { preferredLocale: 'de' });
function ordered(sku: string): LineItem {
  const [item] = orderSchema.parse(order({ lineItems: [lineItem({ variant: variant({ sku }) })] })).lineItems;
  if (!item) throw new Error('no line');
  return item;
}
const brandFrom = (value: unknown) => {
  const record = product({}, { masterVariant: variant({ attributes: [{ name: 'brand', value }] }) });
  return brandOf(productSchema.parse(record), ordered('JEANS-S'), german);
};

test('a brand may be text, a number, an enum, localized, or a set of these', () => {
  assert.equal(brandFrom('Nordwind'), 'Nordwind');
  assert.equal(brandFrom(1887), '1887');
  assert.equal(brandFrom({ key: 'nw', label: 'Nordwind' }), 'Nordwind');
  assert.equal(brandFrom({ key: 'nw', label: { en: 'North Wind', de: 'Nordwind' } }), 'Nordwind');
  assert.equal(brandFrom({ en: 'North Wind', de: 'Nordwind' }), 'Nordwind');
  assert.equal(brandFrom([{ key: 'nw', label: 'Nordwind' }, 'Other']), 'Nordwind');
});

test('a value that is not text is not a brand', () => {
  for (const value of [null, true, [], {}, '', { typeId: 'x', id: 1 }]) assert.equal(brandFrom(value), undefined);
});

test('the brand comes from the ordered variant, else the whole product, else the master variant', () => {
  const own = variant({ id: 2, sku: 'JEANS-M', attributes: [{ name: 'brand', value: 'Own' }] });
  const shared = { attributes: [{ name: 'brand', value: 'Shared' }] };
  const parsed = (current: Record<string, unknown>) => productSchema.parse(product({}, current));
  assert.equal(brandOf(parsed({ variants: [own], ...shared }), ordered('JEANS-M'), german), 'Own');
  assert.equal(brandOf(parsed({ variants: [], ...shared }), ordered('JEANS-M'), german), 'Shared');
  assert.equal(brandOf(parsed({ variants: [] }), ordered('JEANS-M'), german), 'Nordwind');
});

test('the settings can name another attribute or none', () => {
  const parsed = productSchema.parse(product());
  assert.equal(brandOf(parsed, ordered('JEANS-S'), settings({ product: { brandAttribute: 'size' } })), 'S');
  assert.equal(brandOf(parsed, ordered('JEANS-S'), settings({ product: { brandAttribute: '' } })), undefined);
});
