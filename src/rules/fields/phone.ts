/**
 * Maps phone numbers to E.164. It uses the full metadata (`max`): with the small one `isValid` checks little more than the
 * length, and each number that Klaviyo rejects costs a request and a repeated one without it.
 */
import { createRequire } from 'node:module';
import type { Address } from '../../commercetools/schema-fields.ts';
import { present } from './text.ts';

const load: (name: 'libphonenumber-js/max') => typeof import('libphonenumber-js/max') = createRequire(import.meta.url);

export type Phone = { type: 'none' } | { type: 'number'; e164: string } | { type: 'invalid' };

/** Returns the first valid one of an address' mobile and phone. Local numbers get the country of the address. */
export function phoneOf(address: Address | undefined): Phone {
  const texts = [present(address?.mobile), present(address?.phone)].filter((text) => text !== undefined);
  if (texts.length === 0) return { type: 'none' };
  const valid = texts.map((text) => parsed(text, address)).find((number) => number?.isValid());
  return valid ? { type: 'number', e164: valid.number } : { type: 'invalid' };
}

/** Returns the first valid one of an address' mobile and phone as it is written there; without a valid one the first. */
export function phoneText(address: Address): string | undefined {
  const texts = [present(address.mobile), present(address.phone)].filter((text) => text !== undefined);
  return texts.length < 2 ? texts[0] : (texts.find((text) => parsed(text, address)?.isValid()) ?? texts[0]);
}

function parsed(text: string, address: Address | undefined) {
  const { isSupportedCountry, parsePhoneNumberFromString } = phoneNumbers();
  const country = address?.country?.trim().toUpperCase() ?? '';
  return parsePhoneNumberFromString(text, isSupportedCountry(country) ? country : undefined);
}

let loaded: typeof import('libphonenumber-js/max') | undefined;

/** Loads the metadata with the first number: it takes a tenth of the start. */
function phoneNumbers(): typeof import('libphonenumber-js/max') {
  loaded ??= load('libphonenumber-js/max');
  return loaded;
}
