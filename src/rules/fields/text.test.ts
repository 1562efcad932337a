import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cutText, localizedText, titleOf } from './text.ts';

const names = { de: 'Hose', 'en-GB': 'Trousers', 'en-US': 'Pants', fr: '' };

test('the exact preferred locale comes first', () => {
  assert.equal(localizedText(names, 'en-US'), 'Pants');
});

test('case is ignored, and an underscore equals a dash', () => {
  assert.equal(localizedText(names, 'EN_us'), 'Pants');
});

test('without the exact locale its language is used, then any region of it, then the first text', () => {
  assert.equal(localizedText(names, 'de-AT'), 'Hose');
  assert.equal(localizedText(names, 'en-CA'), 'Trousers');
  assert.equal(localizedText(names, 'en'), 'Trousers');
  assert.equal(localizedText(names, 'pl'), 'Hose');
  assert.equal(localizedText(names, ''), 'Hose');
});

test('an empty text counts as missing', () => {
  assert.equal(localizedText(names, 'fr-FR'), 'Hose');
  assert.equal(localizedText({ de: ' ', en: '' }, 'de'), undefined);
});

test('a record without a name is named by its slug, its key or its id', () => {
  assert.equal(titleOf({ id: 'i', name: {}, slug: { de: 'hose' }, key: 'k' }, ''), 'hose');
  assert.equal(titleOf({ id: 'i', name: { de: '' }, slug: {}, key: 'k' }, ''), 'k');
  assert.equal(titleOf({ id: 'i', name: {}, slug: {} }, ''), 'i');
});

test('a text is cut between characters, never inside one', () => {
  assert.equal(cutText('abcdef', 4), 'abcd');
  assert.equal(cutText('aä', 2), 'a');
  assert.equal(cutText('ab👍🏽', 9), 'ab');
  assert.equal(cutText('👨‍👩‍👧', 10), '👨‍', 'a character longer than all that fits is cut between its code points');
});

test('a lone surrogate becomes the replacement character', () => {
  assert.equal(cutText('a\ud83d'), 'a\ufffd');
});
