/**
 * Maps phone numbers to E.164. It uses the full metadata (`max`): with the small one `isValid` checks little more than the
 * length, and each number that Klaviyo rejects costs a request and a repeated one without it.
 */
import { isSupportedCountry, parsePhoneNumberFromString } from 'libphonenumber-js/max';
import type { Address } from '../../commercetools/schemas.ts';
import { present } from './text.ts';

export type Phone = { type: 'none' } | { type: 'number'; e164: string } | { type: 'invalid' };

/** Returns the mobile number of an address, else its phone. Local numbers get the country of the address. */
export function phoneOf(address: Address | undefined): Phone {
  const text = present(address?.mobile) ?? present(address?.phone);
  if (text === undefined) return { type: 'none' };
  const country = address?.country?.trim().toUpperCase() ?? '';
  const parsed = parsePhoneNumberFromString(text, isSupportedCountry(country) ? country : undefined);
  return parsed?.isValid() ? { type: 'number', e164: parsed.number } : { type: 'invalid' };
}
