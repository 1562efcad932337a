import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settings } from '../../../test/fixtures/index.ts';
import { productUrl } from './url.ts';

const shop = settings({}, { productUrlTemplate: 'https://shop.example/{{productSlug}}?p={{productSlug}}' });

test('every {{productSlug}} of the template is replaced', () => {
  assert.equal(productUrl({ en: 'slim-jeans' }, shop), 'https://shop.example/slim-jeans?p=slim-jeans');
});

test('the slug is in the preferred language', () => {
  const german = { ...shop, preferredLocale: 'de' };
  assert.equal(productUrl({ en: 'jeans', de: 'hose' }, german), 'https://shop.example/hose?p=hose');
});

test('without a template or a slug there is no URL', () => {
  assert.equal(productUrl({ en: 'jeans' }, settings()), undefined);
  assert.equal(productUrl({ en: '' }, shop), undefined);
});

test('special characters of a slug are encoded', () => {
  assert.equal(
    productUrl({ en: '$& a/b' }, settings({}, { productUrlTemplate: '/{{productSlug}}' })),
    '/%24%26%20a%2Fb',
  );
});
