/** Events, one at a time and in bulk. https://developers.klaviyo.com/en/reference/events_api_overview */
import type { Account } from './account.ts';
import type { Api } from './api.ts';
import type { Bodies } from './bodies.ts';
import { invalid, notFound, type Problem, Refusal } from './errors.ts';
import { type EventAttributes, mostEventsPerRequest } from './event-bodies.ts';
import { mostMetrics, type RecordedEvent } from './events.ts';
import { parseFilter, passes } from './filter.ts';
import type { Who } from './profiles.ts';
import { paginate, parameter } from './query.ts';
import { eventResource, metricResource, profileResource } from './resources.ts';

/**
 * Does a `unique_id` that an earlier request recorded make a bulk body fail? Klaviyo's reference does not say, so a
 * client has to live with both: ignored (recorded once, 202) or refused (400 with pointers, nothing processed).
 */
export type RepeatedUniqueId = 'ignored' | 'refused';

type BulkGroup = Bodies['bulk_create_events']['data']['attributes']['events-bulk-create']['data'][number];

const order = ['greater-than', 'greater-or-equal', 'less-than', 'less-or-equal'];
const filters = { metric_id: ['equals'], profile_id: ['equals'], datetime: order, timestamp: order };

export function addEventRoutes(api: Api, account: Account, repeatedUniqueId: RepeatedUniqueId): void {
  api.onBody('create_event', ({ data }) => {
    const { profile, ...attributes } = data.attributes;
    const { meta, ...fields } = profile.data.attributes;
    const who = { ...fields, id: profile.data.id };
    const problem = identityProblem(account, who, '/data/attributes/profile') ?? metricProblem(account, [attributes]);
    if (problem !== undefined) throw new Refusal(problem);
    const saved = account.profiles.upsert({ who, fields, meta, onNull: 'ignore' });
    if ('problem' in saved) throw new Refusal(saved.problem);
    account.events.record({
      profile: saved.profile,
      attributes,
      backfill: attributes.backfill === true,
      receivedAt: new Date(),
    });
    return { status: 202 };
  });

  api.onBody('bulk_create_events', ({ data }) => {
    const groups = data.attributes['events-bulk-create'].data;
    refuseBadBulk(account, groups, repeatedUniqueId);
    for (const { attributes: group } of groups) {
      const { id, attributes: fields, meta } = group.profile.data;
      const saved = account.profiles.upsert({ who: { ...fields, id }, fields, meta, onNull: 'ignore' });
      // Checked above; only a group before it in the same body can still collide, and the answer is long decided then.
      if ('problem' in saved) continue;
      for (const { attributes } of group.events.data) {
        const backfill = attributes.backfill ?? group.backfill ?? false;
        account.events.record({ profile: saved.profile, attributes, backfill, receivedAt: new Date() });
      }
    }
    return { status: 202 };
  });

  api.on('get_events', (call) => {
    const asked = parseFilter(parameter(call.query, 'filter'), filters);
    const listed = [...account.events.all()].filter((event) => account.isListed(event.receivedAt));
    const records = listed.filter((event) =>
      asked.every((filter) => {
        if (filter.field === 'metric_id') return passes(filter, event.metric.id);
        if (filter.field === 'profile_id') return passes(filter, event.profileId);
        return passes(filter, filter.field === 'timestamp' ? Date.parse(event.time) / 1_000 : event.time);
      }),
    );
    const byTime = (event: RecordedEvent) => Date.parse(event.time);
    const sorts = { datetime: byTime, timestamp: byTime };
    const page = paginate({ ...call, records, pageSize: { default: 200, most: 1_000 }, sorts });
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
    const event = account.events.get(call.id);
    if (event === undefined) throw new Refusal(notFound(`An event with id ${call.id} does not exist.`));
    const included = related(account, [event], call.include('profile', 'metric', 'attributions'));
    const more = included === undefined ? {} : { included: included(call) };
    return { status: 200, body: { data: eventResource(event, call), ...more } };
  });
}

function related(account: Account, events: RecordedEvent[], include: string[]) {
  if (include.length === 0) return undefined;
  return (view: Parameters<typeof profileResource>[1]) => {
    const profiles = new Set(
      include.includes('profile') ? events.flatMap((event) => account.profiles.get(event.profileId) ?? []) : [],
    );
    const metrics = new Set(include.includes('metric') ? events.map((event) => event.metric) : []);
    return [
      ...[...profiles].map((profile) => profileResource(profile, view)),
      ...[...metrics].map((metric) => metricResource(metric, view)),
    ];
  };
}

/** A body with one bad record is refused whole; every bad record gets its pointer. */
function refuseBadBulk(account: Account, groups: readonly BulkGroup[], repeatedUniqueId: RepeatedUniqueId): void {
  const events = groups.flatMap((group) => group.attributes.events.data.map((event) => event.attributes));
  const base = '/data/attributes/events-bulk-create/data';
  if (events.length > mostEventsPerRequest) {
    throw new Refusal(invalid(`${events.length} events; at most ${mostEventsPerRequest} are allowed.`, base));
  }
  const problems: Problem[] = [];
  groups.forEach(({ attributes: group }, index) => {
    const who = { ...group.profile.data.attributes, id: group.profile.data.id };
    const problem = identityProblem(account, who, `${base}/${index}/attributes/profile`);
    if (problem !== undefined) problems.push(problem);
  });
  problems.push(...repeats(account, groups, repeatedUniqueId).map((pointer) => repeated(`${base}${pointer}`)));
  const metric = metricProblem(account, events);
  if (metric !== undefined) problems.push(metric);
  const [first, ...others] = problems;
  if (first !== undefined) throw new Refusal(first, ...others);
}

/** Pointers, below the list of groups, of every event whose unique_id repeats one of the same person and metric. */
function repeats(account: Account, groups: readonly BulkGroup[], repeatedUniqueId: RepeatedUniqueId): string[] {
  const seen = new Set<string>();
  const pointers: string[] = [];
  groups.forEach(({ attributes: group }, groupIndex) => {
    const who = { ...group.profile.data.attributes, id: group.profile.data.id };
    const found = account.profiles.resolve(who);
    const known = 'profile' in found ? found.profile : undefined;
    const person = known?.id ?? personOf(who);
    group.events.data.forEach(({ attributes }, eventIndex) => {
      const uniqueId = attributes.unique_id;
      if (typeof uniqueId !== 'string') return;
      const metric = attributes.metric.data.attributes.name;
      const key = JSON.stringify([person, metric, uniqueId]);
      const recorded =
        repeatedUniqueId === 'refused' && known !== undefined && account.events.has(known, metric, uniqueId);
      if (seen.has(key) || recorded)
        pointers.push(`/${groupIndex}/attributes/events/data/${eventIndex}/attributes/unique_id`);
      seen.add(key);
    });
  });
  return pointers;
}

/** Somebody who has no profile yet, by the strongest identifier given. */
function personOf(who: Who): string {
  return who.external_id ?? who.email?.toLowerCase() ?? who.phone_number ?? who.anonymous_id ?? who._kx ?? '';
}

function repeated(pointer: string): Problem {
  return { ...invalid('The unique_id is repeated for this profile and metric.', pointer), code: 'duplicate_unique_id' };
}

/** Why these identifiers can't be used; `base` points at the profile (`…/attributes/profile`). */
function identityProblem(account: Account, who: Who, base: string): Problem | undefined {
  const given = [who.id, who.email, who.phone_number, who.external_id, who.anonymous_id, who._kx];
  if (!given.some((value) => typeof value === 'string')) {
    return invalid('At least one profile identifier is required.', `${base}/data/attributes`);
  }
  const found = account.profiles.resolve(who);
  return 'problem' in found ? { ...found.problem, pointer: `${base}${found.problem.pointer ?? '/data'}` } : undefined;
}

function metricProblem(account: Account, events: readonly EventAttributes[]): Problem | undefined {
  const over = account.events.metricsOverLimit(events.map((event) => event.metric.data.attributes.name));
  if (over === 0) return undefined;
  return invalid(`An account has at most ${mostMetrics} metrics.`, '/data/attributes/metric/data/attributes/name');
}
