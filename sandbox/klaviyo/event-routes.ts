/** Routes for single and bulk events. https://developers.klaviyo.com/en/reference/events_api_overview */
import type { Account } from './account.ts';
import type { Api } from './api.ts';
import type { Bodies } from './bodies.ts';
import { type ErrorObject, invalid, invalidParameter, notFound, RequestError } from './errors.ts';
import { type EventAttributes, maxEventsPerRequest } from './event-bodies.ts';
import { type ResolvedProfile, resolveProfile } from './event-profiles.ts';
import { eventResource, metricResource } from './event-resources.ts';
import { maxMetrics, type RecordedEvent } from './events.ts';
import { parseFilter, passes } from './filter.ts';
import { profileResource } from './profile-resources.ts';
import type { ProfileIdentity } from './profiles.ts';
import { paginate, parameter } from './query.ts';

type BulkGroup = Bodies['bulk_create_events']['data']['attributes']['events-bulk-create']['data'][number];

const eventIdForm = /^[0-9A-Za-z]{11}$/;
const order = ['greater-than', 'greater-or-equal', 'less-than', 'less-or-equal'];
const allowedFilters = { metric_id: ['equals'], profile_id: ['equals'], datetime: order, timestamp: order };

export function addEventRoutes(api: Api, account: Account): void {
  api.onBody('create_event', ({ data }) => {
    const { profile, ...attributes } = data.attributes;
    const { meta, ...fields } = profile.data.attributes;
    const resolved = resolveProfile(account, { ...fields, id: profile.data.id }, '/data/attributes/profile');
    const error = ('error' in resolved ? resolved.error : undefined) ?? metricLimitError(account, [attributes]);
    if (error !== undefined) throw new RequestError(error);
    if (!('identity' in resolved)) return { status: 202 };
    const saved = account.profiles.upsert({ identity: resolved.identity, fields, meta, onNull: 'ignore' });
    if ('error' in saved) throw new RequestError(saved.error);
    const backfill = attributes.backfill === true;
    account.events.record({ profile: saved.profile, attributes, backfill, receivedAt: new Date() });
    return { status: 202 };
  });

  api.onBody('bulk_create_events', ({ data }) => {
    const groups = data.attributes['events-bulk-create'].data;
    if (checkBulk(account, groups) === 'lost') return { status: 202 };
    for (const { attributes: group } of groups) {
      const { id, attributes: fields, meta } = group.profile.data;
      const resolved = resolveProfile(account, { ...fields, id }, '');
      if (!('identity' in resolved)) continue;
      const saved = account.profiles.upsert({ identity: resolved.identity, fields, meta, onNull: 'ignore' });
      // Checked above. Only an earlier group in the same body can still conflict, and then the response is already 202.
      if ('error' in saved) continue;
      for (const { attributes } of group.events.data) {
        const backfill = backfillOf(account, attributes, group);
        account.events.record({ profile: saved.profile, attributes, backfill, receivedAt: new Date() });
      }
    }
    return { status: 202 };
  });

  api.on('get_events', (call) => {
    const filters = parseFilter(parameter(call.query, 'filter'), allowedFilters);
    const fields = new Set(filters.map(({ field }) => field));
    const isTimed = fields.has('datetime') || fields.has('timestamp');
    if (account.behaviours.eventFilters === 'time-alone' && isTimed && fields.has('profile_id'))
      throw new RequestError(invalidParameter('A time cannot be combined with profile_id.', 'filter'));
    const listed = [...account.events.all()].filter((event) => account.isListed(event.receivedAt));
    const records = listed.filter((event) =>
      filters.every((filter) => {
        if (filter.field === 'metric_id') return passes(filter, event.metric.id);
        if (filter.field === 'profile_id') return passes(filter, event.profileId);
        return passes(filter, filter.field === 'timestamp' ? Date.parse(event.time) / 1_000 : event.time);
      }),
    );
    const byTime = (event: RecordedEvent) => Date.parse(event.time);
    const sorts = { datetime: byTime, timestamp: byTime };
    const page = paginate({ ...call, records, pageSize: { default: 200, max: 1_000 }, sorts });
    const included = related(account, page.records, call.include('profile', 'metric', 'attributions'));
    return {
      status: 200,
      body: {
        data: page.records.map((event) => eventResource(event, call)),
        ...(included === undefined ? {} : { included: included(call) }),
        links: page.links,
      },
    };
  });

  api.on('get_event', (call) => {
    if (!eventIdForm.test(call.id)) throw new RequestError(invalid(`Invalid Event ID: '${call.id}'`, '/data/id'));
    const event = account.events.get(call.id);
    if (event === undefined) throw new RequestError(notFound(`An event with id ${call.id} does not exist.`));
    const included = related(account, [event], call.include('profile', 'metric', 'attributions'));
    const extra = included === undefined ? {} : { included: included(call) };
    return { status: 200, body: { data: eventResource(event, call), ...extra } };
  });
}

function related(account: Account, events: RecordedEvent[], include: string[]) {
  if (include.length === 0) return undefined;
  return (context: Parameters<typeof profileResource>[1]) => {
    const profiles = new Set(
      include.includes('profile') ? events.flatMap((event) => account.profiles.get(event.profileId) ?? []) : [],
    );
    const metrics = new Set(include.includes('metric') ? events.map((event) => event.metric) : []);
    return [
      ...[...profiles].map((profile) => profileResource(profile, context, 'include')),
      ...[...metrics].map((metric) => metricResource(metric, context)),
    ];
  };
}

/** `backfill` of an event: where the body may say it is a switch. */
function backfillOf({ behaviours }: Account, event: EventAttributes, group: BulkGroup['attributes']): boolean {
  if (behaviours.bulkBackfill === 'group') return group.backfill ?? false;
  if (behaviours.bulkBackfill === 'event') return event.backfill ?? false;
  return event.backfill ?? group.backfill ?? false;
}

/** Rejects the whole body if one record is invalid, or returns whether it is accepted and lost. */
function checkBulk(account: Account, groups: readonly BulkGroup[]): 'lost' | 'valid' {
  const events = groups.flatMap((group) => group.attributes.events.data.map((event) => event.attributes));
  const base = '/data/attributes/events-bulk-create/data';
  if (events.length > maxEventsPerRequest) {
    throw new RequestError(invalid(`${events.length} events; at most ${maxEventsPerRequest} are allowed.`, base));
  }
  const resolved = groups.map(({ attributes: group }, index): ResolvedProfile => {
    const identity = { ...group.profile.data.attributes, id: group.profile.data.id };
    return resolveProfile(account, identity, `${base}/${index}/attributes/profile`);
  });
  const error = resolved.find((each) => 'error' in each)?.error ?? metricLimitError(account, events);
  if (error !== undefined) throw new RequestError(error);
  return checkRepeats(account, groups, base);
}

function checkRepeats(account: Account, groups: readonly BulkGroup[], base: string): 'lost' | 'valid' {
  const [first, ...others] = repeatedUniqueIds(account, groups).map((pointer) => repeatedUniqueId(`${base}${pointer}`));
  if (first === undefined) return 'valid';
  const { repeatedUniqueId: variant } = account.behaviours;
  if (variant === 'body-lost') return 'lost';
  throw variant === 'rejected-naming-one' ? new RequestError(first) : new RequestError(first, ...others);
}

/**
 * Returns pointers, relative to the list of groups, of every event whose unique_id repeats one of the same profile and
 * metric.
 */
function repeatedUniqueIds(account: Account, groups: readonly BulkGroup[]): string[] {
  const seen = new Set<string>();
  const pointers: string[] = [];
  groups.forEach(({ attributes: group }, groupIndex) => {
    const identity = { ...group.profile.data.attributes, id: group.profile.data.id };
    const known = account.profiles.firstMatch(identity);
    const person = known?.id ?? strongestIdentifier(identity);
    group.events.data.forEach(({ attributes }, eventIndex) => {
      const uniqueId = attributes.unique_id;
      if (typeof uniqueId !== 'string') return;
      const metric = attributes.metric.data.attributes.name;
      const key = JSON.stringify([person, metric, uniqueId]);
      const recorded =
        account.behaviours.repeatedUniqueId !== 'ignored' &&
        known !== undefined &&
        account.events.has(known, metric, uniqueId);
      if (seen.has(key) || recorded)
        pointers.push(`/${groupIndex}/attributes/events/data/${eventIndex}/attributes/unique_id`);
      seen.add(key);
    });
  });
  return pointers;
}

/** Returns the strongest identifier of a profile that does not exist yet. */
function strongestIdentifier(identity: ProfileIdentity): string {
  return (
    identity.external_id ??
    identity.email?.toLowerCase() ??
    identity.phone_number ??
    identity.anonymous_id ??
    identity._kx ??
    ''
  );
}

function repeatedUniqueId(pointer: string): ErrorObject {
  return { ...invalid('The unique_id is repeated for this profile and metric.', pointer), code: 'duplicate_unique_id' };
}

function metricLimitError(account: Account, events: readonly EventAttributes[]): ErrorObject | undefined {
  const over = account.events.metricsOverLimit(events.map((event) => event.metric.data.attributes.name));
  if (over === 0) return undefined;
  return invalid(`An account has at most ${maxMetrics} metrics.`, '/data/attributes/metric/data/attributes/name');
}
