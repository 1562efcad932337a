/** Tests the links to the accounts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accountLinks } from './links.ts';

const apiUrl = 'https://api.europe-west1.gcp.commercetools.com';

test('the Merchant Center of the region, and the app of Klaviyo', () => {
  assert.deepEqual(accountLinks('https://a.klaviyo.com', { apiUrl, projectKey: 'my-shop' }), {
    klaviyo: 'https://www.klaviyo.com/',
    merchantCenter: 'https://mc.europe-west1.gcp.commercetools.com/my-shop',
  });
});

test('mocks have no Merchant Center, and Klaviyo is the mock itself', () => {
  const links = accountLinks('http://127.0.0.1:4100/base', { apiUrl: 'http://127.0.0.1:4200', projectKey: 'shop' });
  assert.deepEqual(links, { klaviyo: 'http://127.0.0.1:4100' });
});
