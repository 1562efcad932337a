/**
 * Validates the results of hooks and custom rules: a record that can be sent, a skip, or an error. Cuts records down to
 * Klaviyo's limits like those of built-in rules.
 */
import { z } from 'zod';
import type { CatalogItem, CatalogVariant, Profile, Warning } from '../klaviyo/change.ts';
import { fitProfile } from '../rules/customers/profile.ts';
import { fitMetadata } from '../rules/fields/metadata.ts';
import { cutText, maxAttributeBytes } from '../rules/fields/text.ts';
import { isPlain } from './deep-freeze.ts';
import { ExtensionError } from './errors.ts';

const text = z.string();
const filled = text.trim().min(1);
const name = text.nullable().exactOptional();
const location = z.strictObject({ address1: text, address2: text, city: text, country: text, region: text, zip: text });
const identity = {
  email: filled.exactOptional(),
  external_id: filled.exactOptional(),
  location: location.exactOptional(),
};
const phoneNumber = text.regex(/^\+[1-9]\d{6,14}$/, 'must be E.164, such as +4915112345678');
const properties = z.record(text, z.unknown()).superRefine((record, context) => {
  const invalid = findNonJson(record, []);
  if (invalid)
    context.addIssue({ code: 'custom', path: invalid.path, message: `must be plain JSON, not ${invalid.type}` });
});

export const eventDraft = z.strictObject({
  metric: filled.max(127),
  uniqueId: filled,
  time: text,
  value: z.number().exactOptional(),
  currency: text.regex(/^[A-Z]{3}$/, 'must be an ISO 4217 code such as EUR').exactOptional(),
  profile: z
    .strictObject({
      ...identity,
      id: filled.exactOptional(),
      phone_number: phoneNumber.exactOptional(),
      _kx: filled.exactOptional(),
      anonymous_id: filled.exactOptional(),
    })
    .refine(
      ({ location: _location, ...identifiers }) => Object.values(identifiers).some((value) => value !== undefined),
      'needs email, external_id, phone_number, _kx or anonymous_id',
    ),
  properties,
  backfill: z.boolean().exactOptional(),
});

export const profileDraft = z.strictObject({
  ...identity,
  email: filled,
  location: location.nullable().exactOptional(),
  first_name: name,
  last_name: name,
  organization: name,
  title: name,
  phone_number: phoneNumber.nullable().exactOptional(),
  locale: text.exactOptional(),
  properties: properties.exactOptional(),
});

const sellable = {
  external_id: filled,
  title: filled,
  description: text,
  url: filled,
  image_full_url: text.nullable(),
  published: z.boolean(),
  custom_metadata: z.record(text, text),
};
export const itemDraft = z.strictObject({ ...sellable, price: z.number().nullable() });
export const variantDraft = z.strictObject({
  ...sellable,
  sku: filled,
  price: z.number(),
  inventory_quantity: z.number(),
  inventory_policy: z.union([z.literal(0), z.literal(1), z.literal(2)]),
});
export const categoryDraft = z.strictObject({ external_id: filled, name: filled });

const skipDraft = z.strictObject({ skip: filled });

export function skipOf(returned: unknown): string | undefined {
  return skipDraft.safeParse(returned).data?.skip;
}

/** @throws ExtensionError that names the call and the first invalid field, never its value */
export function validateOutput<Draft>(where: string, schema: z.ZodType<Draft>, returned: unknown): Draft {
  if (returned instanceof Promise) {
    // Prevents an unhandled rejection.
    returned.catch(() => undefined);
    throw new ExtensionError(`${where} returned a promise: it must be synchronous`);
  }
  const parsed = schema.safeParse(withoutAbsent(returned));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = issue?.path.map(String).join('.');
  throw new ExtensionError(`${where} returned what can't be sent: ${path ? `${path}: ` : ''}${issue?.message}`);
}

/** Removes fields that are `undefined`, on the first two levels. */
function withoutAbsent(value: unknown, levels = 2): unknown {
  if (levels === 0 || typeof value !== 'object' || value === null || Array.isArray(value) || !isPlain(value)) {
    return value;
  }
  const present = Object.entries(value).filter(([, child]) => child !== undefined);
  return Object.fromEntries(present.map(([key, child]) => [key, withoutAbsent(child, levels - 1)]));
}

/** Levels below Klaviyo's limit are cut, so they need no check. */
const maxLevels = 12;

/** Returns the first value that JSON can't represent. `undefined` counts as absent. */
function findNonJson(value: unknown, path: string[]): { path: string[]; type: string } | undefined {
  if (path.length > maxLevels || value === undefined || value === null) return undefined;
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : { path, type: String(value) };
  if (typeof value === 'string' || typeof value === 'boolean') return undefined;
  if (typeof value !== 'object') return { path, type: `a ${typeof value}` };
  if (!isPlain(value)) return { path, type: value.constructor.name };
  for (const [key, child] of Object.entries(value)) {
    const invalid = findNonJson(child, [...path, key]);
    if (invalid) return invalid;
  }
  return undefined;
}

export function fitProfileDraft(draft: z.infer<typeof profileDraft>): { profile: Profile; warnings: Warning[] } {
  const { properties = {}, ...attributes } = draft;
  const short = { ...attributes };
  for (const key of ['first_name', 'last_name', 'organization', 'title'] as const) {
    const value = short[key];
    if (typeof value === 'string') short[key] = cutText(value, maxAttributeBytes);
  }
  return fitProfile(short, properties);
}

export function fitCatalogDraft<Draft extends CatalogItem | CatalogVariant>(
  draft: Draft,
): { record: Draft; warnings: Warning[] } {
  const { metadata, warnings } = fitMetadata(draft.custom_metadata);
  const image = draft.image_full_url;
  const short = {
    title: cutText(draft.title),
    description: cutText(draft.description),
    url: cutText(draft.url),
    image_full_url: image === null ? null : cutText(image),
    custom_metadata: metadata,
  };
  return { record: { ...draft, ...short }, warnings };
}
