import assert from 'node:assert/strict';
import { test } from 'node:test';
import { money, reference } from '../../../test/fixtures/index.ts';
import { plainTexts } from './plain-text.ts';

const textOf = (value: unknown) => plainTexts(value, 'de-AT').join(', ');

test('text, numbers, localized texts and labels of enums are text', () => {
  assert.equal(textOf('Nordwind'), 'Nordwind');
  assert.equal(textOf(7), '7');
  assert.equal(textOf({ en: 'north', de: 'Nord', 'zh-Hant_TW': '北' }), 'Nord');
  assert.equal(textOf({ key: 'n', label: 'North' }), 'North');
  assert.equal(textOf({ key: 'n', label: { en: 'north', de: 'Nord' } }), 'Nord');
  assert.equal(textOf({ key: 'n', label: '' }), 'n');
  assert.equal(textOf({ id: 'Utara' }), 'Utara');
});

test('a set has the texts of its elements', () => {
  assert.equal(textOf(['a', { key: 'b', label: 'B' }, reference('category', 'c'), { de: 'D' }]), 'a, B, D');
});

test('references, nested attributes, money and other objects have none', () => {
  const nested = [{ name: 'title', value: 'Nordwind' }];
  const empty = [null, undefined, '', '  ', true, {}, [], { de: '' }];
  const objects = [
    reference('key-value-document', 'b0'),
    { typeId: 'category', key: 'women' },
    nested,
    [nested],
    money(5),
  ];
  const ids = [{ id: 'b0b0b0b0-0000-4000-8000-000000000001' }, { key: 'n' }, { sku: 'x', name: 'y' }];
  for (const value of [...empty, ...objects, ...ids]) assert.equal(textOf(value), '', JSON.stringify(value));
});
