/** Tests that a URL is shown without user, password, query values and fragment. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { redactUrls } from './redact-url.ts';

test('user and password are hidden, also a password with @, / or ?', () => {
  for (const password of ['hush', 'hu@sh', 'h@u@sh', 'hu/sh', 'hu?sh', 'hu#sh', 'hu%40sh', ':hush@'])
    assert.equal(redactUrls(`https://user:${password}@proxy.example:8443/a`), 'https://***@proxy.example:8443/a');
  assert.equal(redactUrls('https://hush@proxy.example'), 'https://***@proxy.example');
});

test('values of a query are hidden, and its names stay', () => {
  assert.equal(redactUrls('https://a.example/p?token=hush&sig=a=b&x='), 'https://a.example/p?token=***&sig=***&x=***');
  assert.equal(redactUrls('https://a.example/p?hush'), 'https://a.example/p?***');
  assert.equal(redactUrls('https://a.example/#access_token=hush'), 'https://a.example/#***');
  assert.equal(redactUrls('https://a.example/?mail=ann@b.example'), 'https://***@b.example');
});

test('placeholders, addresses and other text stay', () => {
  const template = 'https://shop.example/p/{{productSlug}}?slug={{productSlug}}';
  assert.equal(redactUrls(template), template);
  assert.equal(redactUrls('one.example:9092,two@three'), 'one.example:9092,two@three');
  assert.equal(redactUrls('["https://u:p@a.example?k=v"]'), '["https://***@a.example?k=***"]');
});
