import assert from 'node:assert/strict';
import { test } from 'node:test';
import { profileLocale } from './locale.ts';

test('language and country are normalised', () => {
  assert.equal(profileLocale('de-DE'), 'de-DE');
  assert.equal(profileLocale('DE_de'), 'de-DE');
  assert.equal(profileLocale('zh-Hant-TW'), 'zh-TW');
});

test('a tag without a country and an invalid tag are left out', () => {
  for (const locale of ['de', 'es-419', 'not a locale', '', undefined]) assert.equal(profileLocale(locale), undefined);
});
