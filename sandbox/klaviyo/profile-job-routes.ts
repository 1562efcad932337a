/**
 * Routes for profile bulk imports (https://developers.klaviyo.com/en/docs/use_klaviyos_bulk_profile_import_api) and
 * consent jobs (https://developers.klaviyo.com/en/reference/bulk_subscribe_profiles). Effects apply when the job
 * completes.
 */
import type { Account } from './account.ts';
import type { Api } from './api.ts';
import type { KlaviyoBehaviours } from './behaviours.ts';
import { type ErrorObject, invalid, notFound, RequestError } from './errors.ts';
import { parseFilter, passes } from './filter.ts';
import type { Job, JobResult, RecordFailure } from './jobs.ts';
import { payloadLimits } from './payload-limits.ts';
import type { ImportedProfile } from './profile-bodies.ts';
import { emailError, phoneError } from './profile-fields.ts';
import type { UpsertResult } from './profiles.ts';
import { paginate, parameter } from './query.ts';
import {
  type JsonApiResource,
  jobAttributes,
  type ResourceContext,
  type ResourceLink,
  relationshipLinks,
  resource,
} from './resources.ts';
import { inMicroseconds, inSeconds } from './times.ts';

const importType = 'profile-bulk-import-job';
const pageSize = { default: 20, max: 100 };

export function addProfileJobRoutes(api: Api, account: Account): void {
  api.onBody('bulk_import_profiles', ({ data }, call) => {
    const records = data.attributes.profiles.data;
    const large = records.findIndex(
      (record) => Buffer.byteLength(JSON.stringify(record)) > payloadLimits.maxProfileBytes,
    );
    if (large >= 0)
      throw new RequestError(invalid('A profile may not exceed 100KB.', `/data/attributes/profiles/data/${large}`));
    const refused = account.behaviours.malformedImportEmail === 'rejects-body' ? malformedEmail(records) : undefined;
    if (refused !== undefined) throw new RequestError(refused);
    const job = account.jobs.startImport(importType, records.length, () =>
      importAll(account, records, data.relationships?.lists?.data ?? []),
    );
    lists.set(job, data.relationships?.lists?.data ?? []);
    const shown = importResource(job, call);
    const { created_at: createdAt, expires_at: expiresAt } = jobAttributes(job);
    const inResponse = { created_at: inSeconds(createdAt), expires_at: inSeconds(expiresAt) };
    return { status: 202, body: { data: { ...shown, attributes: { ...shown.attributes, ...inResponse } } } };
  });

  api.on('get_bulk_import_profiles_jobs', (call) => {
    const filters = parseFilter(parameter(call.query, 'filter'), { status: ['any', 'equals'] });
    const records = account.jobs.all(importType).filter((job) => filters.every((filter) => passes(filter, job.status)));
    const sorts = { created_at: (job: Job) => job.seq };
    const page = paginate({ ...call, records, pageSize, sorts });
    return { status: 200, body: { data: page.records.map((job) => importResource(job, call)), links: page.links } };
  });

  api.on('get_bulk_import_profiles_job', (call) => {
    const job = getImportJob(account, call.id);
    const include = call.include('lists');
    const included =
      include.length === 0 ? {} : { included: (lists.get(job) ?? []).map(({ id }) => listResource(id, call)) };
    return { status: 200, body: { data: importResource(job, call), ...included } };
  });

  api.on('get_errors_for_bulk_import_profiles_job', (call) => {
    const job = getImportJob(account, call.id);
    const records = job.failures.map((failure, index) => ({ ...failure, seq: index }));
    const page = paginate({ ...call, records, pageSize, sorts: { created_at: (failure) => failure.seq } });
    const data = page.records.map((failure) => importError(failure, `${job.id}-${failure.seq}`));
    return { status: 200, body: { data, links: page.links } };
  });

  api.onBody('bulk_subscribe_profiles', ({ data }) => {
    const { profiles, historical_import: historical } = data.attributes;
    if (historical === true) {
      const undated = profiles.data.findIndex(({ attributes: { subscriptions } }) => {
        const given = [subscriptions.email?.marketing, subscriptions.sms?.marketing];
        return given.some(
          (channel) => channel !== undefined && channel !== null && typeof channel.consented_at !== 'string',
        );
      });
      const detail = 'consented_at is required for a historical import.';
      if (undated >= 0)
        throw new RequestError(invalid(detail, `/data/attributes/profiles/data/${undated}/attributes/subscriptions`));
    }
    const people = profiles.data.map(({ id, attributes }) => {
      const { email, phone_number, subscriptions } = attributes;
      return { identity: { id, email, phone_number }, subscriptions };
    });
    account.jobs.runAfterJobTime(() => writeConsents(account, people));
    return { status: 202 };
  });

  api.onBody('bulk_unsubscribe_profiles', ({ data }) => {
    const people = data.attributes.profiles.data.map(({ attributes }) => {
      const { email, phone_number, subscriptions } = attributes;
      return { identity: { email, phone_number }, subscriptions };
    });
    account.jobs.runAfterJobTime(() => writeConsents(account, people));
    return { status: 202 };
  });
}

// Lists that an import adds its profiles to. The sandbox has no lists and accepts any id.
const lists = new WeakMap<Job, ResourceLink[]>();

function malformedEmail(records: readonly ImportedProfile[]): ErrorObject | undefined {
  const index = records.findIndex(({ attributes: { email } }) => typeof email === 'string' && emailError(email));
  if (index < 0) return undefined;
  return invalid('Invalid email address', `/data/attributes/profiles/data/${index}/attributes/email`);
}

function importAll(account: Account, records: readonly ImportedProfile[], added: readonly ResourceLink[]): JobResult {
  const result: JobResult = { failures: [], recordIds: [] };
  for (const record of records) {
    const injected = account.jobs.injectedError(importType);
    const outcome = injected === undefined ? importOne(account, record) : { error: injected };
    if ('error' in outcome) result.failures.push({ error: outcome.error, original: originalOf(record) });
    else {
      result.recordIds.push(outcome.profile.id);
      for (const { id } of added) outcome.profile.lists.add(id);
    }
  }
  return result;
}

/** Imports one profile. A bulk import ignores null. Error pointers are those of a single import. */
function importOne({ profiles, behaviours }: Account, { id, attributes, meta }: ImportedProfile): UpsertResult {
  const { email, phone_number: phone } = attributes;
  const invalidEmail = typeof email === 'string' ? emailError(email) : undefined;
  if (invalidEmail !== undefined) return { error: invalid(invalidEmail, '/data/attributes/email') };
  const invalidPhone = typeof phone === 'string' ? phoneError(phone) : undefined;
  if (invalidPhone !== undefined && behaviours.invalidImportPhone === 'import-error')
    return { error: invalid(invalidPhone, '/data/attributes/phone_number') };
  const fields = invalidPhone === undefined ? attributes : { ...attributes, phone_number: undefined };
  return profiles.upsert({ identity: { ...fields, id }, fields, meta: importMeta(behaviours, meta), onNull: 'ignore' });
}

function importMeta({ bulkImportUnset }: KlaviyoBehaviours, meta: ImportedProfile['meta']): ImportedProfile['meta'] {
  const patch = meta?.patch_properties;
  if (bulkImportUnset === 'applied' || !patch) return meta;
  return { ...meta, patch_properties: { ...patch, unset: undefined } };
}

function originalOf({ id, attributes }: ImportedProfile) {
  return typeof id === 'string' ? { id, ...attributes } : attributes;
}

function importError({ error, original }: RecordFailure, id: string) {
  const { code, title, detail, pointer } = error;
  const source = { pointer: pointer ?? '/data' };
  return { type: 'import-error', id, attributes: { code, title, detail, source, original_payload: original } };
}

function importResource(job: Job, context: ResourceContext): JsonApiResource {
  const ref = { type: job.type, path: `${job.type}s`, id: job.id };
  const startedAt = job.startedAt === null ? null : inMicroseconds(job.startedAt);
  const { related } = relationshipLinks(context, ref, 'import-errors').links;
  return {
    ...resource(context, ref, { ...jobAttributes(job), started_at: startedAt }),
    relationships: {
      lists: { data: lists.get(job) ?? [], ...relationshipLinks(context, ref, 'lists') },
      profiles: relationshipLinks(context, ref, 'profiles'),
      'import-errors': { links: { related } },
    },
  };
}

function listResource(id: string, context: ResourceContext): JsonApiResource {
  const ref = { type: 'list', path: 'lists', id };
  const created = '2024-01-01T00:00:00+00:00';
  const attributes = { name: `List ${id}`, created, updated: created, opt_in_process: 'single_opt_in' };
  const names = ['profiles', 'tags', 'flow-triggers'];
  return {
    ...resource(context, ref, attributes),
    relationships: Object.fromEntries(names.map((name) => [name, relationshipLinks(context, ref, name)])),
  };
}

function getImportJob(account: Account, id: string): Job {
  const job = account.jobs.get(importType, id);
  if (job === undefined) throw new RequestError(notFound('Invalid job id'));
  return job;
}

type Channels = Record<string, unknown>;
type ConsentChange = {
  identity: {
    id?: string | null | undefined;
    email?: string | null | undefined;
    phone_number?: string | null | undefined;
  };
  subscriptions: Channels;
};

/** Stores each given consent under `channel.kind` and creates missing profiles. */
function writeConsents(account: Account, people: readonly ConsentChange[]): void {
  for (const { identity, subscriptions } of people) {
    const saved = account.profiles.upsert({ identity, fields: {}, onNull: 'ignore' });
    if ('error' in saved) continue;
    for (const [channel, kinds] of Object.entries(subscriptions)) {
      for (const [kind, given] of Object.entries(kinds ?? {})) {
        if (typeof given !== 'object' || given === null || !('consent' in given)) continue;
        const at = 'consented_at' in given && typeof given.consented_at === 'string' ? given.consented_at : undefined;
        saved.profile.consents[`${channel}.${kind}`] = {
          consent: String(given.consent),
          timestamp: at ?? new Date().toISOString(),
        };
      }
    }
  }
}
