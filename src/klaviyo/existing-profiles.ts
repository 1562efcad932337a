/** Reads profiles from Klaviyo by one of their identifiers. */
import { z } from 'zod';
import { omitUndefined } from '../lib/omit-undefined.ts';
import type { KlaviyoClient } from './api/client.ts';
import type { Lane } from './api/rate-limiter.ts';
import { createBatchedLookup, type LookupResult, type LookupSpec, unknownShape } from './batched-lookup.ts';

/** What a profile shows. A profile that is found by a further e-mail shows only its first one. */
export interface ExistingProfile {
  /** Klaviyo's id. */
  id: string;
  email?: string;
  external_id?: string;
  /** Whether it has a street, a city or a postal code. */
  hasAddress: boolean;
  /** Custom properties; present only if they were asked for. */
  properties?: Record<string, unknown>;
}

export interface ExistingProfiles {
  /** @returns the profile with this identifier; e-mails are compared without case */
  profile(field: ProfileField, value: string, lane: Lane): Promise<LookupResult<ExistingProfile>>;
  /** The same with the profile's custom properties. */
  profileProperties(field: ProfileField, value: string, lane: Lane): Promise<LookupResult<ExistingProfile>>;
}

type ProfileField = 'email' | 'external_id';

const text = z.string().nullish();
const profileList = z.object({
  data: z.array(
    z.object({
      id: z.string(),
      attributes: z.object({
        email: text,
        external_id: text,
        properties: z.record(z.string(), z.unknown()).nullish(),
        location: z.object({ address1: text, city: text, zip: text }).nullish(),
      }),
    }),
  ),
});
type ListedProfile = z.infer<typeof profileList>['data'][number];

export function createExistingProfiles(client: KlaviyoClient): ExistingProfiles {
  const lookupsWith = (fields: string) => ({
    email: createBatchedLookup(client, profileLookup('email', fields)),
    external_id: createBatchedLookup(client, profileLookup('external_id', fields)),
  });
  const profiles = lookupsWith(shownFields);
  const withProperties = lookupsWith(`${shownFields},properties`);
  return {
    profile: (field, value, lane) => profiles[field](value, lane),
    profileProperties: (field, value, lane) => withProperties[field](value, lane),
  };
}

const shownFields = 'email,external_id,location.address1,location.city,location.zip';

function profileLookup(field: ProfileField, fields: string): LookupSpec<ExistingProfile> {
  const isEmail = field === 'email';
  const normalize = (value: string) => (isEmail ? value.toLowerCase() : value);
  return {
    endpoint: 'listProfiles',
    filter: (values) => `any(${field},${JSON.stringify(values)})`,
    inFilter: (value) => value,
    // Whether Klaviyo compares e-mails without case is not documented, so that both spellings are requested.
    valuesOf: (key) => (isEmail ? [...new Set([key, key.toLowerCase()])] : [key]),
    normalize,
    // The orders of a page ask for their e-mails as the queries of their customers are answered.
    bulkWindowMs: 20,
    // Klaviyo validates e-mails in a filter.
    rejectionMeansNone: isEmail,
    query: { 'fields[profile]': fields },
    async parse(body, _lane, values) {
      const parsed = profileList.safeParse(body);
      if (!parsed.success) return { failure: unknownShape };
      const requested = new Set(values.map(normalize));
      const found = new Map<string, ExistingProfile>();
      const unattributed: ExistingProfile[] = [];
      for (const listed of parsed.data.data) {
        const value = listed.attributes[field];
        if (value != null && requested.has(normalize(value))) found.set(normalize(value), toProfile(listed));
        else unattributed.push(toProfile(listed));
      }
      // A profile may have up to five e-mails and is listed for each, but shows one.
      return isEmail ? { found, unattributed } : { found };
    },
  };
}

function toProfile({ id, attributes: { email, external_id, location, properties } }: ListedProfile): ExistingProfile {
  const hasAddress = [location?.address1, location?.city, location?.zip].some((part) => part != null && part !== '');
  return {
    id,
    hasAddress,
    ...omitUndefined({
      email: email ?? undefined,
      external_id: external_id ?? undefined,
      properties: properties ?? undefined,
    }),
  };
}
