/**
 * The fields of a profile as several endpoints take them. https://developers.klaviyo.com/en/reference/profiles_api_overview
 */
import { parsePhoneNumberFromString } from 'libphonenumber-js';
import { z } from 'zod';
import { checkFreeForm } from './payload-limits.ts';

/** A text or null: null clears where the endpoint clears. */
export const text = z.string().nullish();

const coordinate = z.union([z.string(), z.number()]).nullish();

/** Every field of a location may be given or left out by itself. */
const profileLocation = z.strictObject({
  address1: text,
  address2: text,
  city: text,
  country: text,
  latitude: coordinate,
  longitude: coordinate,
  region: text,
  zip: text,
  timezone: text,
  ip: text,
});

const profileProperties = z.record(z.string(), z.unknown()).superRefine(checkFreeForm).nullish();

/** What is wrong with this e-mail address, or undefined. */
export function emailError(email: string): string | undefined {
  return /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(email) ? undefined : 'Invalid email address';
}

/** What is wrong with this phone number, or undefined: E.164, and possible in its country's numbering plan. */
export function phoneError(phone: string): string | undefined {
  const valid = phone.startsWith('+') && parsePhoneNumberFromString(phone)?.isValid() === true;
  return valid ? undefined : 'Invalid phone number format (Example of a valid format: +12345678901)';
}

export const emailText = z
  .string()
  .superRefine((email, ctx) => report(emailError(email), ctx))
  .nullish();

export const phoneText = z
  .string()
  .superRefine((phone, ctx) => report(phoneError(phone), ctx))
  .nullish();

function report(message: string | undefined, ctx: z.RefinementCtx): void {
  if (message !== undefined) ctx.addIssue({ code: 'custom', message });
}

const patchProperties = z.strictObject({
  append: z.record(z.string(), z.unknown()).nullish(),
  unappend: z.record(z.string(), z.unknown()).nullish(),
  unset: z.union([z.string(), z.array(z.string())]).nullish(),
});

const patchIdentifiers = z.strictObject({
  append: z.record(z.string(), z.unknown()).optional(),
  unappend: z.record(z.string(), z.unknown()).optional(),
});

/** Patches of existing data. The sandbox applies those of properties; secondary e-mail addresses it only accepts. */
export const profileMeta = z.strictObject({
  patch_properties: patchProperties.nullish(),
  patch_identifiers: patchIdentifiers.nullish(),
});

export type ProfileMeta = z.infer<typeof profileMeta>;

const details = {
  first_name: text,
  last_name: text,
  organization: text,
  locale: text,
  title: text,
  image: text,
  location: profileLocation.nullish(),
  properties: profileProperties,
};

/** Checked at once: the single endpoints. */
export const profileAttributes = { email: emailText, phone_number: phoneText, external_id: text, ...details };

/** Checked by the job: a bulk import takes any text here and reports bad ones as import errors. */
export const uncheckedProfileAttributes = {
  email: text,
  phone_number: text,
  external_id: text,
  _kx: text,
  ...details,
};
