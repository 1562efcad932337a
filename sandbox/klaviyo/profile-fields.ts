/**
 * Schemas of profile fields that several endpoints share.
 * https://developers.klaviyo.com/en/reference/profiles_api_overview
 */
import { parsePhoneNumberFromString } from 'libphonenumber-js';
import { z } from 'zod';
import { checkFreeForm } from './payload-limits.ts';

/** String or null. Null clears the field on endpoints that support clearing. */
export const text = z.string().nullish();

const coordinate = z.union([z.string(), z.number()]).nullish();

/** All location fields are optional. */
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

/** Returns the validation error of an e-mail address, or undefined. */
export function emailError(email: string): string | undefined {
  return /^(?!.*\.\.)[^\s@]+@[^\s@]+\.[^\s@]+$/.test(email) ? undefined : 'Invalid email address';
}

/**
 * Returns the validation error of a phone number, or undefined. Valid numbers are E.164 and match their country's
 * numbering plan.
 */
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

/** Patches to existing data. The sandbox applies property patches and accepts identifier patches without effect. */
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

/** Profile attributes validated with the request (single endpoints). */
export const profileAttributes = { email: emailText, phone_number: phoneText, external_id: text, ...details };

/**
 * Profile attributes validated by the job: a bulk import accepts any string and reports invalid values as import
 * errors.
 */
export const uncheckedProfileAttributes = {
  email: text,
  phone_number: text,
  external_id: text,
  _kx: text,
  ...details,
};
