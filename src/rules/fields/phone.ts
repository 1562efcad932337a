/**
 * Phone numbers as Klaviyo takes them. The full metadata (`max`) is used: with the small one `isValid` looks at little
 * more than the length, and every number that Klaviyo refuses costs a request and a repeat without it.
 */
import { isSupportedCountry, parsePhoneNumberFromString } from 'libphonenumber-js/max';
import type { Address } from '../../commercetools/schemas.ts';
import { present } from './text.ts';

/** What an address says of a phone: nothing, a number in E.164, or something that is no number. */
export type Phone = { found: 'none' } | { found: 'number'; e164: string } | { found: 'invalid' };

/** The mobile number of an address, else its phone, in E.164 with the address' country for local numbers. */
export function phoneOf(address: Address | undefined): Phone {
  const text = present(address?.mobile) ?? present(address?.phone);
  if (text === undefined) return { found: 'none' };
  const country = address?.country?.trim().toUpperCase() ?? '';
  const parsed = parsePhoneNumberFromString(text, isSupportedCountry(country) ? country : undefined);
  return parsed?.isValid() ? { found: 'number', e164: parsed.number } : { found: 'invalid' };
}
