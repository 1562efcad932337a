import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countryCurrencies } from './country-currencies.ts';

test('every country has existing currencies', () => {
  const known = new Set([...Intl.supportedValuesOf('currency'), 'XCG', 'ZWG', 'SLE']);
  const regions = new Intl.DisplayNames('en', { type: 'region', fallback: 'none' });
  assert.ok(countryCurrencies.size >= 248);
  for (const [country, currencies] of countryCurrencies) {
    assert.ok(regions.of(country), country);
    for (const currency of currencies) assert.ok(known.has(currency), `${country}: ${currency}`);
  }
});

test('the main currency comes first where two are legal tender', () => {
  assert.deepEqual(countryCurrencies.get('PA'), ['PAB', 'USD']);
  assert.deepEqual(countryCurrencies.get('BG'), ['EUR']);
});
