/**
 * Profiles in bulk: imports (https://developers.klaviyo.com/en/docs/use_klaviyos_bulk_profile_import_api) and consent
 * (https://developers.klaviyo.com/en/reference/bulk_subscribe_profiles). Accepted at once, done when the job completes.
 */
import type { Account } from './account.ts';
import type { Api } from './api.ts';
import { invalid, notFound, Refusal } from './errors.ts';
import { parseFilter, passes } from './filter.ts';
import type { Job, RecordFailure } from './jobs.ts';
import { payloadLimits } from './payload-limits.ts';
import type { ImportedProfile } from './profile-bodies.ts';
import { emailProblem, phoneProblem } from './profile-fields.ts';
import { paginate, parameter } from './query.ts';
import { jobResource, type View } from './resources.ts';

const importType = 'profile-bulk-import-job';
const pageSize = { default: 20, most: 100 };

export function addProfileJobRoutes(api: Api, account: Account): void {
  api.onBody('bulk_import_profiles', ({ data }, call) => {
    const records = data.attributes.profiles.data;
    const large = records.findIndex(
      (record) => Buffer.byteLength(JSON.stringify(record)) > payloadLimits.mostProfileBytes,
    );
    if (large >= 0)
      throw new Refusal(invalid('A profile may not exceed 100KB.', `/data/attributes/profiles/data/${large}`));
    const job = account.jobs.start(importType, records.length, () => importAll(account, records));
    return { status: 202, body: { data: importResource(job, call) } };
  });

  api.on('get_bulk_import_profiles_jobs', (call) => {
    const asked = parseFilter(parameter(call.query, 'filter'), { status: ['any', 'equals'] });
    const records = account.jobs.all(importType).filter((job) => asked.every((filter) => passes(filter, job.status)));
    const sorts = { created_at: (job: Job) => job.seq };
    const page = paginate({ ...call, records, pageSize, sorts });
    return { status: 200, body: { data: page.records.map((job) => importResource(job, call)), links: page.links } };
  });

  api.on('get_bulk_import_profiles_job', (call) => {
    const job = needImport(account, call.id);
    return { status: 200, body: { data: importResource(job, call) } };
  });

  api.on('get_errors_for_bulk_import_profiles_job', (call) => {
    const job = needImport(account, call.id);
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
        throw new Refusal(invalid(detail, `/data/attributes/profiles/data/${undated}/attributes/subscriptions`));
    }
    const people = profiles.data.map(({ id, attributes }) => {
      const { email, phone_number, subscriptions } = attributes;
      return { who: { id, email, phone_number }, subscriptions };
    });
    account.jobs.later(() => consent(account, people));
    return { status: 202 };
  });

  api.onBody('bulk_unsubscribe_profiles', ({ data }) => {
    const people = data.attributes.profiles.data.map(({ attributes }) => {
      const { email, phone_number, subscriptions } = attributes;
      return { who: { email, phone_number }, subscriptions };
    });
    account.jobs.later(() => consent(account, people));
    return { status: 202 };
  });
}

function importAll(account: Account, records: readonly ImportedProfile[]): RecordFailure[] {
  return records.flatMap((record) => {
    const problem = account.jobs.refusal(importType) ?? importOne(account, record);
    return problem === undefined ? [] : [{ problem, original: originalOf(record) }];
  });
}

/** Null clears nothing here: a bulk import writes only values. Pointers are those of a single import. */
function importOne(account: Account, { id, attributes, meta }: ImportedProfile) {
  const { email, phone_number: phone } = attributes;
  const badEmail = typeof email === 'string' ? emailProblem(email) : undefined;
  if (badEmail !== undefined) return invalid(badEmail, '/data/attributes/email');
  const badPhone = typeof phone === 'string' ? phoneProblem(phone) : undefined;
  if (badPhone !== undefined) return invalid(badPhone, '/data/attributes/phone_number');
  const saved = account.profiles.upsert({ who: { ...attributes, id }, fields: attributes, meta, onNull: 'ignore' });
  return 'problem' in saved ? saved.problem : undefined;
}

function originalOf({ id, attributes }: ImportedProfile) {
  return typeof id === 'string' ? { id, ...attributes } : attributes;
}

function importError({ problem, original }: RecordFailure, id: string) {
  const { code, title, detail, pointer } = problem;
  const source = { pointer: pointer ?? '/data' };
  return { type: 'import-error', id, attributes: { code, title, detail, source, original_payload: original } };
}

function importResource(job: Job, view: View) {
  return jobResource(job, view, { started_at: job.startedAt });
}

function needImport(account: Account, id: string): Job {
  const job = account.jobs.get(importType, id);
  if (job === undefined) throw new Refusal(notFound(`A profile bulk import job with id ${id} does not exist.`));
  return job;
}

type Channels = Record<string, unknown>;
type Person = {
  who: { id?: string | null | undefined; email?: string | null | undefined; phone_number?: string | null | undefined };
  subscriptions: Channels;
};

/** Writes every `channel.kind` consent given; people who are not known yet are created. */
function consent(account: Account, people: readonly Person[]): void {
  for (const { who, subscriptions } of people) {
    const saved = account.profiles.upsert({ who, fields: {}, onNull: 'ignore' });
    if ('problem' in saved) continue;
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
