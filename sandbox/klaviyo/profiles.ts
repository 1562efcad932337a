/**
 * In-memory profiles and identity resolution: each id, external_id, e-mail address (case-insensitive) and phone number
 * belongs to one profile. https://developers.klaviyo.com/en/reference/create_or_update_profile
 */

import type { KlaviyoBehaviours } from './behaviours.ts';
import { duplicateProfile, type ErrorObject, invalid, notFound } from './errors.ts';
import { createIds } from './ids.ts';
import type { ProfileFields } from './profile-bodies.ts';
import type { ProfileMeta } from './profile-fields.ts';

const identifierNames = ['external_id', 'email', 'phone_number', 'anonymous_id', '_kx'] as const;
type IdentifierName = (typeof identifierNames)[number];
const detailNames = ['first_name', 'last_name', 'organization', 'locale', 'title', 'image'] as const;

type Consent = { consent: string; timestamp: string };

export type Profile = {
  id: string;
  seq: number;
  identifiers: Partial<Record<IdentifierName, string>>;
  /** Further e-mail addresses, which find the profile too. Empty unless `multipleEmails` is on. */
  otherEmails: string[];
  details: Partial<Record<(typeof detailNames)[number], string>>;
  location: Record<string, string | number>;
  properties: Record<string, unknown>;
  /** Keyed by channel and kind, such as `email.marketing`. */
  consents: Record<string, Consent>;
  /** Ids of the lists that imports and subscriptions added the profile to. */
  lists: Set<string>;
  created: string;
  updated: string;
  lastEventAt: string | undefined;
};

/** Identifiers of a profile in a request. */
export type ProfileIdentity = { id?: string | null | undefined } & Partial<
  Record<IdentifierName, string | null | undefined>
>;

type ProfileChange = {
  identity: ProfileIdentity;
  fields: ProfileFields & { anonymous_id?: string | null | undefined };
  meta?: ProfileMeta | null | undefined;
  /** `clear`: null clears a field (single endpoints). `ignore`: null is ignored (bulk import, events). */
  onNull: 'clear' | 'ignore';
};

export type UpsertResult = { profile: Profile; created: boolean } | { error: ErrorObject };

export type Profiles = {
  all(): Iterable<Profile>;
  count(): number;
  get(id: string): Profile | undefined;
  find(name: IdentifierName, value: string): Profile | undefined;
  /** Resolves identifiers to a profile (undefined: no match), or returns the error if they conflict. */
  resolve(identity: ProfileIdentity): { profile: Profile | undefined } | { error: ErrorObject };
  /** Returns the first profile that one of the identifiers belongs to, in the order id, external_id, e-mail, phone. */
  firstMatch(identity: ProfileIdentity): Profile | undefined;
  /** Returns the profile that the profile with this id was merged into, or undefined. */
  mergedInto(id: string): Profile | undefined;
  /** Creates or updates a profile. Error pointers are relative to `{data: {attributes}}` of one profile. */
  upsert(change: ProfileChange): UpsertResult;
  /** Copies values that the destination lacks from the source, and deletes the source. */
  merge(destination: Profile, source: Profile): void;
  delete(profile: Profile): void;
};

export function createProfiles({ multipleEmails }: Pick<KlaviyoBehaviours, 'multipleEmails'>): Profiles {
  const ids = createIds('P');
  const byId = new Map<string, Profile>();
  const byIdentifier = new Map<string, Profile>();
  const mergeDestinations = new Map<string, string>();
  let seq = 0;

  function find(name: IdentifierName, value: string): Profile | undefined {
    return byIdentifier.get(keyOf(name, value));
  }

  /** Returns the distinct profiles that the identifiers belong to, the strongest identifier first. */
  function matchesOf(identity: ProfileIdentity): Profile[] {
    const idMatch = typeof identity.id === 'string' ? byId.get(identity.id) : undefined;
    const byName = identifierNames.map((name) =>
      typeof identity[name] === 'string' ? find(name, identity[name]) : undefined,
    );
    return [...new Set([idMatch, ...byName].filter((match) => match !== undefined))];
  }

  function mergedInto(id: string): Profile | undefined {
    const destination = mergeDestinations.get(id);
    return destination === undefined ? undefined : (byId.get(destination) ?? mergedInto(destination));
  }

  function resolve(identity: ProfileIdentity): { profile: Profile | undefined } | { error: ErrorObject } {
    const idMatch = typeof identity.id === 'string' ? byId.get(identity.id) : undefined;
    if (typeof identity.id === 'string' && idMatch === undefined) {
      return { error: notFound(`A profile with id ${identity.id} does not exist.`) };
    }
    const [profile, conflicting] = matchesOf(identity);
    if (conflicting !== undefined) return { error: duplicateProfile(conflicting.id) };
    // Several people can share a phone number. A phone match alone does not identify a profile that has a different
    // e-mail address.
    if (profile !== undefined && profile !== idMatch && identifiesAnotherProfile(profile, identity)) {
      return { error: duplicateProfile(profile.id) };
    }
    return { profile };
  }

  function setIdentifier(profile: Profile, name: IdentifierName, value: string | undefined): void {
    const old = profile.identifiers[name];
    const kept = name === 'email' && multipleEmails === 'on' && value !== undefined;
    if (old !== undefined && kept) profile.otherEmails.push(old);
    else if (old !== undefined) byIdentifier.delete(keyOf(name, old));
    if (kept) profile.otherEmails = profile.otherEmails.filter((email) => keyOf(name, email) !== keyOf(name, value));
    if (value === undefined) delete profile.identifiers[name];
    else {
      profile.identifiers[name] = value;
      byIdentifier.set(keyOf(name, value), profile);
    }
  }

  function create(): Profile {
    seq += 1;
    const now = new Date().toISOString();
    const empty = {
      identifiers: {},
      otherEmails: [],
      details: {},
      location: {},
      properties: {},
      consents: {},
      lists: new Set<string>(),
    };
    const profile: Profile = { id: ids.next(), seq, ...empty, created: now, updated: now, lastEventAt: undefined };
    byId.set(profile.id, profile);
    return profile;
  }

  function upsert({ identity, fields, meta, onNull }: ProfileChange): UpsertResult {
    const found = resolve(identity);
    if ('error' in found) return found;
    if (found.profile === undefined && !identifierNames.some((name) => typeof identity[name] === 'string')) {
      return {
        error: invalid('One of id, email, phone_number, external_id or anonymous_id is required.', '/data/attributes'),
      };
    }
    const profile = found.profile ?? create();
    profile.updated = new Date().toISOString();
    for (const name of identifierNames) {
      const value = identity[name];
      if (typeof value === 'string') setIdentifier(profile, name, value);
      else if (value === null && onNull === 'clear') setIdentifier(profile, name, undefined);
    }
    setDetails(profile, fields, onNull);
    patchProperties(profile.properties, meta);
    return { profile, created: found.profile === undefined };
  }

  function remove(profile: Profile): void {
    for (const name of identifierNames) setIdentifier(profile, name, undefined);
    for (const email of profile.otherEmails) byIdentifier.delete(keyOf('email', email));
    byId.delete(profile.id);
  }

  return {
    all: () => byId.values(),
    count: () => byId.size,
    get: (id) => byId.get(id),
    find,
    resolve,
    firstMatch: (identity) => matchesOf(identity)[0],
    mergedInto,
    upsert,
    merge(destination, source) {
      const inherited = { ...source.identifiers };
      remove(source);
      mergeDestinations.set(source.id, destination.id);
      if (multipleEmails === 'on') {
        const emails = inherited.email === undefined ? source.otherEmails : [inherited.email, ...source.otherEmails];
        destination.otherEmails.push(...emails);
        for (const email of emails) byIdentifier.set(keyOf('email', email), destination);
      }
      for (const name of identifierNames) {
        if (destination.identifiers[name] === undefined) setIdentifier(destination, name, inherited[name]);
      }
      destination.details = { ...source.details, ...destination.details };
      destination.location = { ...source.location, ...destination.location };
      destination.properties = { ...source.properties, ...destination.properties };
      destination.consents = { ...source.consents, ...destination.consents };
      destination.updated = new Date().toISOString();
    },
    delete: remove,
  };
}

function keyOf(name: IdentifierName, value: string): string {
  return `${name}:${name === 'email' ? value.toLowerCase() : value}`;
}

/** Returns whether a profile found by a weaker identifier (phone, cookie) has different stronger identifiers. */
function identifiesAnotherProfile({ identifiers, otherEmails }: Profile, identity: ProfileIdentity): boolean {
  const same = (name: 'email' | 'external_id') => {
    const [known, given] = [identifiers[name], identity[name]];
    if (known === undefined || typeof given !== 'string') return undefined;
    const all = name === 'email' ? [known, ...otherEmails] : [known];
    return all.some((value) => keyOf(name, value) === keyOf(name, given));
  };
  const matches = [same('email'), same('external_id')];
  return matches.includes(false) && !matches.includes(true);
}

function setDetails(profile: Profile, fields: ProfileFields, onNull: ProfileChange['onNull']): void {
  for (const name of detailNames) assign(profile.details, name, fields[name], onNull);
  for (const group of ['location', 'properties'] as const) {
    const given = fields[group];
    if (given === null && onNull === 'clear') profile[group] = {};
    for (const [name, value] of Object.entries(given ?? {})) assign<unknown>(profile[group], name, value, onNull);
  }
}

function assign<T>(
  target: Partial<Record<string, T>>,
  name: string,
  value: T | null | undefined,
  onNull: 'clear' | 'ignore',
) {
  if (value === null) {
    if (onNull === 'clear') delete target[name];
  } else if (value !== undefined) target[name] = value;
}

function patchProperties(properties: Record<string, unknown>, meta: ProfileMeta | null | undefined): void {
  const patch = meta?.patch_properties;
  for (const [name, value] of Object.entries(patch?.append ?? {})) {
    properties[name] = [...listOf(properties[name]), ...listOf(value)];
  }
  for (const [name, value] of Object.entries(patch?.unappend ?? {})) {
    const gone = listOf(value);
    properties[name] = listOf(properties[name]).filter((entry) => !gone.includes(entry));
  }
  for (const name of typeof patch?.unset === 'string' ? [patch.unset] : (patch?.unset ?? [])) delete properties[name];
}

function listOf(value: unknown): unknown[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}
