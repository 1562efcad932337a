import assert from 'node:assert/strict';
import { test } from 'node:test';
import { filtered } from './properties.ts';

const record = { id: '1', total: 0, gift: false, note: '', empty: null, gone: undefined, list: [] };
const all = { include: [], exclude: [], map: {} };

test('an empty include means all; absent, null and empty text are left out, false and 0 are values', () => {
  assert.deepEqual(filtered(record, all).properties, { id: '1', total: 0, gift: false, list: [] });
});

test('include keeps the names it lists; exclude wins', () => {
  const { properties } = filtered(record, { include: ['id', 'total'], exclude: ['id'], map: {} });
  assert.deepEqual(properties, { total: 0 });
});

test('a renamed field is sent under its new name only', () => {
  const { properties, renamed } = filtered(record, { ...all, include: ['id'], map: { id: 'OrderNo', total: 'Sum' } });
  assert.deepEqual(properties, { OrderNo: '1' });
  assert.deepEqual([...renamed], ['OrderNo']);
});

test('a field renamed to the name of another field replaces it', () => {
  assert.equal(filtered(record, { ...all, map: { total: 'id' } }).properties.id, 0);
});
