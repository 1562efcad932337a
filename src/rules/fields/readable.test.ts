import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Json, money, reference } from '../../../test/fixtures/index.ts';
import { typeSchema } from '../../commercetools/schemas.ts';
import { enumLabel, readableFields, referencesIn } from './readable.ts';

const values = [
  { key: 's', label: 'Small' },
  { key: 'l', label: 'Large' },
];
const localizedValues = [{ key: 'r', label: { en: 'red', de: 'rot' } }];
const type = typeSchema.parse({
  id: 'type-1',
  fieldDefinitions: [
    { name: 'size', type: { name: 'Enum', values } },
    { name: 'sizes', type: { name: 'Set', elementType: { name: 'Enum', values } } },
    { name: 'colour', type: { name: 'LocalizedEnum', values: localizedValues } },
    { name: 'note', type: { name: 'String' } },
    { name: 'odd', type: 5 },
  ],
});
const names = new Map<string, string | Record<string, string>>([
  ['category c1', { en: 'Women', de: 'Damen' }],
  ['channel b', 'Berlin'],
]);
const shown = (fields: Json, info = { type, names }) => readableFields(fields, info, 'de');

test('enums have their label, localized fields their text, in sets too', () => {
  const fields = { size: 's', sizes: ['l', 'xl'], colour: 'r', note: 's', text: { en: 'north', de: 'Nord' } };
  assert.deepEqual(shown(fields), { size: 'Small', sizes: ['Large', 'xl'], colour: 'rot', note: 's', text: 'Nord' });
});

test('money is a number with its currency beside it', () => {
  assert.deepEqual(shown({ credit: money(1_234), tips: [money(100), money(50, 'JPY', 0)] }), {
    ...{ credit: 12.34, credit_currency: 'EUR' },
    ...{ tips: [1, 50], tips_currency: ['EUR', 'JPY'] },
  });
});

test('references have the name of their record; without one they stay as they are', () => {
  const unknown = reference('channel', 'gone');
  const fields = { home: reference('category', 'c1'), stores: [reference('channel', 'b'), unknown] };
  assert.deepEqual(shown(fields), { home: 'Damen', stores: ['Berlin', unknown] });
  assert.deepEqual(referencesIn(fields).length, 3);
});

test('without the type enums are keys, and everything else stays as it is', () => {
  const fields = { size: 's', flag: false, count: 0, day: '2026-01-01', none: null, list: [1], odd: 'x' };
  assert.deepEqual(readableFields(fields, { names }, 'de'), fields);
  assert.equal(enumLabel('size', 's', { names }, 'de'), undefined);
  assert.equal(enumLabel('size', 's', { type, names }, 'de'), 'Small');
});
