/**
 * Routes for single profiles: import (upsert), create, update, look up, merge, delete.
 * https://developers.klaviyo.com/en/reference/profiles_api_overview
 */
import { type Account, accountId } from './account.ts';
import type { Api, ApiResponse } from './api.ts';
import { duplicateProfile, invalid, notFound, RequestError } from './errors.ts';
import { type Filter, parseFilter, passes, type Scalar } from './filter.ts';
import { payloadLimits } from './payload-limits.ts';
import type { ProfileMeta } from './profile-fields.ts';
import { profileResource } from './profile-resources.ts';
import type { Profile, UpsertResult } from './profiles.ts';
import { paginate, parameter } from './query.ts';
import type { ResourceContext } from './resources.ts';

const allowedFilters = {
  id: ['any', 'equals'],
  email: ['any', 'equals'],
  phone_number: ['any', 'equals'],
  external_id: ['any', 'equals'],
  _kx: ['equals'],
  created: ['greater-than', 'less-than'],
  updated: ['greater-than', 'less-than'],
};

const sorts = {
  created: (profile: Profile) => profile.seq,
  id: (profile: Profile) => profile.id,
  updated: (profile: Profile) => profile.updated,
  email: (profile: Profile) => profile.identifiers.email ?? '',
};

export function addProfileRoutes(api: Api, account: Account): void {
  api.onBody('create_or_update_profile', ({ data }, call) => {
    checkSize(data);
    const { profiles } = account;
    const identity = { ...data.attributes, id: data.id };
    const saved = profiles.upsert({ identity, fields: data.attributes, meta: data.meta, onNull: 'clear' });
    addCompanyId(saved, data.meta);
    return toResponse(saved, call);
  });

  api.onBody('create_profile', ({ data }, call) => {
    checkSize(data);
    const found = account.profiles.resolve(data.attributes);
    if ('error' in found) throw new RequestError(found.error);
    if (found.profile !== undefined) throw new RequestError(duplicateProfile(found.profile.id));
    return toResponse(
      account.profiles.upsert({ identity: data.attributes, fields: data.attributes, onNull: 'clear' }),
      call,
    );
  });

  api.onBody('update_profile', ({ data }, call) => {
    checkSize(data);
    if (data.id !== call.id) throw new RequestError(invalid('The id differs from the one in the path.', '/data/id'));
    const identity = { ...data.attributes, id: data.id };
    const saved = account.profiles.upsert({ identity, fields: data.attributes, meta: data.meta, onNull: 'clear' });
    addCompanyId(saved, data.meta);
    return toResponse(saved, call);
  });

  api.on('get_profile', (call) => {
    const profile = account.profiles.get(call.id);
    if (profile === undefined) throw new RequestError(notFound(`A profile with id ${call.id} does not exist.`));
    const included =
      call.include('lists', 'segments', 'push-tokens', 'conversations').length === 0 ? {} : { included: [] };
    return { status: 200, body: { data: profileResource(profile, call, 'read'), ...included } };
  });

  api.on('get_profiles', (call) => {
    const filters = parseFilter(parameter(call.query, 'filter'), allowedFilters);
    const listed = candidates(account, filters).filter((profile) => account.isListed(profile.created));
    const records = listed.filter((profile) => filters.every((filter) => selects(account, filter, profile)));
    const page = paginate({ ...call, records, pageSize: { default: 20, max: 100 }, sorts });
    return {
      status: 200,
      body: { data: page.records.map((profile) => profileResource(profile, call, 'read')), links: page.links },
    };
  });

  api.onBody('merge_profiles', ({ data }, call) => {
    const destination = account.profiles.get(data.id);
    const sourceId = data.relationships.profiles.data?.[0]?.id;
    const source = account.profiles.get(sourceId ?? '');
    if (destination === undefined) throw new RequestError(notFound(`A profile with id ${data.id} does not exist.`));
    if (source === undefined) {
      const detail = `A profile with id ${sourceId} does not exist.`;
      throw new RequestError(notFound(detail));
    }
    if (source === destination) throw new RequestError(invalid('A profile cannot be merged into itself.'));
    account.jobs.runAfterJobTime(() => {
      account.profiles.merge(destination, source);
      account.events.move(source, destination);
    });
    const links = { self: `${call.origin}/api/profiles/${destination.id}/` };
    return { status: 202, body: { data: { type: 'profile', id: destination.id, attributes: {}, links } } };
  });

  api.onBody('request_profile_deletion', ({ data }) => {
    const { id, attributes } = data.attributes.profile.data;
    const given = [id, attributes.email, attributes.phone_number].filter((value) => typeof value === 'string');
    if (given.length !== 1)
      throw new RequestError(
        invalid('Exactly one of id, email and phone_number is required.', '/data/attributes/profile/data'),
      );
    const { profiles, events } = account;
    const profile = profiles.firstMatch({ id, ...attributes });
    if (profile === undefined)
      throw new RequestError(notFound('No profile found.  The profile may have already been deleted.'));
    account.jobs.runAfterJobTime(() => {
      if (profiles.get(profile.id) === undefined) return;
      events.move(profile, undefined);
      profiles.delete(profile);
    });
    return { status: 202 };
  });
}

/** Klaviyo adds the account's id to the properties of a profile whose properties are patched. */
function addCompanyId(saved: UpsertResult, meta: ProfileMeta | null | undefined): void {
  if ('error' in saved || !meta?.patch_properties) return;
  saved.profile.properties.company_id = accountId;
}

function toResponse(saved: UpsertResult, context: ResourceContext): ApiResponse {
  if ('error' in saved) throw new RequestError(saved.error);
  return {
    status: saved.created ? 201 : 200,
    body: { data: profileResource(saved.profile, context, saved.created ? 'create' : 'update') },
  };
}

function checkSize(record: unknown): void {
  if (Buffer.byteLength(JSON.stringify(record)) <= payloadLimits.maxProfileBytes) return;
  throw new RequestError({
    status: 413,
    code: 'payload_too_large',
    title: 'Payload too large.',
    detail: 'A profile may not exceed 100KB.',
  });
}

/** Uses the identifier index when a filter names identifiers, so that lookups stay fast with many profiles. */
function candidates({ profiles }: Account, filters: readonly Filter[]): Profile[] {
  for (const { field, values } of filters) {
    if (field === 'id') return known(values.map((value) => profiles.get(String(value))));
    if (field === 'email' || field === 'phone_number' || field === 'external_id' || field === '_kx') {
      return known(values.map((value) => profiles.find(field, String(value))));
    }
  }
  return [...profiles.all()];
}

function known(profiles: (Profile | undefined)[]): Profile[] {
  return [...new Set(profiles.filter((profile) => profile !== undefined))];
}

function selects({ behaviours }: Account, filter: Filter, profile: Profile): boolean {
  const { field } = filter;
  if (field === 'id') return passes(filter, profile.id);
  if (field === 'created' || field === 'updated') return passes(filter, profile[field]);
  if (field === 'email') {
    const emails = [profile.identifiers.email ?? '', ...profile.otherEmails];
    if (behaviours.emailFilter === 'case-sensitive') return emails.some((email) => passes(filter, email));
    return emails.some((email) => passes({ ...filter, values: filter.values.map(lower) }, lower(email)));
  }
  if (field === 'phone_number' || field === 'external_id' || field === '_kx') {
    // An unquoted number parses as a number, but identifiers are strings.
    return passes({ ...filter, values: filter.values.map(String) }, profile.identifiers[field]);
  }
  return false;
}

function lower(value: Scalar): string {
  return String(value).toLowerCase();
}
