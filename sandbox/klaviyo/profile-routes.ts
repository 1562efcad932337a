/**
 * Profiles one at a time: import (upsert), create, update, look up, merge, erase.
 * https://developers.klaviyo.com/en/reference/profiles_api_overview
 */
import type { Account } from './account.ts';
import type { Answer, Api } from './api.ts';
import { duplicateProfile, invalid, notFound, Refusal } from './errors.ts';
import { type Filter, parseFilter, passes, type Scalar } from './filter.ts';
import { payloadLimits } from './payload-limits.ts';
import type { Profile, Upsert } from './profiles.ts';
import { paginate, parameter } from './query.ts';
import { profileResource, type View } from './resources.ts';

const filters = {
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
    const who = { ...data.attributes, id: data.id };
    const saved = profiles.upsert({ who, fields: data.attributes, meta: data.meta, onNull: 'clear' });
    return answerOf(saved, call);
  });

  api.onBody('create_profile', ({ data }, call) => {
    checkSize(data);
    const found = account.profiles.resolve(data.attributes);
    if ('problem' in found) throw new Refusal(found.problem);
    if (found.profile !== undefined) throw new Refusal(duplicateProfile(found.profile.id));
    return answerOf(account.profiles.upsert({ who: data.attributes, fields: data.attributes, onNull: 'clear' }), call);
  });

  api.onBody('update_profile', ({ data }, call) => {
    checkSize(data);
    if (data.id !== call.id) throw new Refusal(invalid('The id differs from the one in the path.', '/data/id'));
    const who = { ...data.attributes, id: data.id };
    return answerOf(account.profiles.upsert({ who, fields: data.attributes, meta: data.meta, onNull: 'clear' }), call);
  });

  api.on('get_profile', (call) => {
    const profile = account.profiles.get(call.id);
    if (profile === undefined) throw new Refusal(notFound(`A profile with id ${call.id} does not exist.`));
    return { status: 200, body: { data: profileResource(profile, call) } };
  });

  api.on('get_profiles', (call) => {
    const asked = parseFilter(parameter(call.query, 'filter'), filters);
    const listed = candidates(account, asked).filter((profile) => account.isListed(profile.created));
    const records = listed.filter((profile) => asked.every((filter) => selects(filter, profile)));
    const page = paginate({ ...call, records, pageSize: { default: 20, most: 100 }, sorts });
    return {
      status: 200,
      body: { data: page.records.map((profile) => profileResource(profile, call)), links: page.links },
    };
  });

  api.onBody('merge_profiles', ({ data }, call) => {
    const destination = account.profiles.get(data.id);
    const sourceId = data.relationships.profiles.data?.[0]?.id;
    const source = account.profiles.get(sourceId ?? '');
    if (destination === undefined)
      throw new Refusal(notFound(`A profile with id ${data.id} does not exist.`, '/data/id'));
    if (source === undefined) {
      const detail = `A profile with id ${sourceId} does not exist.`;
      throw new Refusal(notFound(detail, '/data/relationships/profiles/data/0/id'));
    }
    if (source === destination) throw new Refusal(invalid('A profile cannot be merged into itself.'));
    account.jobs.later(() => {
      account.profiles.merge(destination, source);
      account.events.move(source, destination);
    });
    const links = { self: `${call.origin}/api/profiles/${destination.id}/` };
    return { status: 201, body: { data: { type: 'profile', id: destination.id, links }, links } };
  });

  api.onBody('request_profile_deletion', ({ data }) => {
    const { id, attributes } = data.attributes.profile.data;
    const given = [id, attributes.email, attributes.phone_number].filter((value) => typeof value === 'string');
    if (given.length !== 1)
      throw new Refusal(
        invalid('Exactly one of id, email and phone_number is required.', '/data/attributes/profile/data'),
      );
    account.jobs.later(() => {
      const { profiles, events } = account;
      const profile =
        (typeof id === 'string' ? profiles.get(id) : undefined) ??
        (typeof attributes.email === 'string' ? profiles.find('email', attributes.email) : undefined) ??
        (typeof attributes.phone_number === 'string'
          ? profiles.find('phone_number', attributes.phone_number)
          : undefined);
      if (profile === undefined) return;
      events.move(profile, undefined);
      profiles.delete(profile);
    });
    return { status: 202 };
  });
}

function answerOf(saved: Upsert, view: View): Answer {
  if ('problem' in saved) throw new Refusal(saved.problem);
  return { status: saved.created ? 201 : 200, body: { data: profileResource(saved.profile, view) } };
}

function checkSize(record: unknown): void {
  if (Buffer.byteLength(JSON.stringify(record)) <= payloadLimits.mostProfileBytes) return;
  throw new Refusal({
    status: 413,
    code: 'payload_too_large',
    title: 'Payload too large.',
    detail: 'A profile may not exceed 100KB.',
  });
}

/** Looked up where a filter names identifiers, so that many look-ups among many profiles stay quick. */
function candidates({ profiles }: Account, asked: readonly Filter[]): Profile[] {
  for (const { field, values } of asked) {
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

function selects(filter: Filter, profile: Profile): boolean {
  const { field } = filter;
  if (field === 'id') return passes(filter, profile.id);
  if (field === 'created' || field === 'updated') return passes(filter, profile[field]);
  if (field === 'email')
    return passes({ ...filter, values: filter.values.map(lower) }, lower(profile.identifiers.email ?? ''));
  if (field === 'phone_number' || field === 'external_id' || field === '_kx') {
    // Bare digits in a filter read as a number, an external_id that looks like one is still a text.
    return passes({ ...filter, values: filter.values.map(String) }, profile.identifiers[field]);
  }
  return false;
}

function lower(value: Scalar): string {
  return String(value).toLowerCase();
}
