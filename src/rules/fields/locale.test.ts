import assert from 'node:assert/strict';
import { test } from 'node:test';
import { profileLocale } from './locale.ts';

test('language and country arrive in one spelling', () => {
  assert.equal(profileLocale('de-DE'), 'de-DE');
  assert.equal(profileLocale('DE_de'), 'de-DE');
  assert.equal(profileLocale('zh-Hant-TW'), 'zh-TW');
});

test('half a tag, a continent and nonsense are left out', () => {
  for (const locale of ['de', 'es-419', 'not a locale', '', undefined]) assert.equal(profileLocale(locale), undefined);
});
