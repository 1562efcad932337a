/** Splits the body of a request to Klaviyo into its records, so that one sent alone equals the same one in bulk. */
import { z } from 'zod';

export interface Request {
  path: string;
  /** As Klaviyo's OpenAPI file names it. */
  operation: string;
  body: unknown;
}

export interface SentRecord {
  kind: string;
  /** Tells it from others of its kind. */
  identity: string;
  content: unknown;
}

const anything = z.record(z.string(), z.unknown());
const text = z.string().nullish();
const resource = z.looseObject({ id: text, attributes: anything.optional() });
const one = z.strictObject({ data: resource });
const list = z.strictObject({ data: z.array(resource) });

/** A bulk body: the list at `name`, and what stands beside it. */
function job<T extends z.ZodType>(name: string, record: T) {
  const attributes = z.looseObject({ [name]: z.strictObject({ data: z.array(record) }) });
  return z.strictObject({ data: z.looseObject({ type: z.string(), attributes }) });
}

/** @returns the records of a bulk body and, where there is any, what it says of all of them */
function opened(name: string, body: unknown): { records: z.infer<typeof resource>[]; shared: object } | undefined {
  const parsed = job(name, z.unknown()).safeParse(body).data?.data;
  const records = list.safeParse(parsed?.attributes[name]);
  if (parsed === undefined || !records.success) return undefined;
  const { type: _type, attributes, ...beside } = parsed;
  const { [name]: _records, ...more } = attributes;
  const shared = { ...beside, ...more };
  return { records: records.data.data, shared: Object.keys(shared).length === 0 ? {} : { shared } };
}

const profileOfEvent = z.looseObject({ data: z.looseObject({ attributes: anything, meta: z.unknown().optional() }) });
const eventAttributes = z.looseObject({
  metric: z.looseObject({ data: z.looseObject({ attributes: z.looseObject({ name: z.string() }) }) }),
  unique_id: text,
});
const eventGroup = z.looseObject({
  attributes: z.looseObject({
    profile: profileOfEvent,
    events: z.strictObject({ data: z.array(z.looseObject({ attributes: anything })) }),
  }),
});

/** The single endpoint takes the profile's `meta` inside its attributes, the bulk endpoint beside them. */
function eventOf(attributes: unknown): SentRecord | undefined {
  const event = eventAttributes.safeParse(attributes).data;
  const profile = profileOfEvent.safeParse(event?.profile).data?.data;
  if (event === undefined || profile === undefined) return undefined;
  const { meta = profile.meta, ...known } = profile.attributes;
  const who = { ...profile, attributes: known, ...(meta === undefined ? {} : { meta }) };
  const identity = event.unique_id ?? JSON.stringify([event.time, known.external_id, known.email]);
  return {
    kind: 'event',
    identity: `${event.metric.data.attributes.name} ${identity}`,
    content: { ...event, profile: { data: who } },
  };
}

function eventsOf(body: unknown): (SentRecord | undefined)[] {
  const groups = z.array(z.unknown()).safeParse(opened('events-bulk-create', body)?.records).data ?? [];
  return groups.flatMap((group) => {
    const parsed = eventGroup.safeParse(group).data;
    if (parsed === undefined) return [undefined];
    const { events, ...shared } = parsed.attributes;
    return events.data.map(({ attributes }) => eventOf({ ...shared, ...attributes }));
  });
}

function profileOf(kind: string, record: z.infer<typeof resource>, shared: object = {}): SentRecord {
  const { external_id, email, phone_number } = record.attributes ?? {};
  const identity = [external_id, email, phone_number, record.id].find((each) => typeof each === 'string');
  return { kind, identity: String(identity ?? ''), content: { ...record, ...shared } };
}

function profilesOf(kind: string, body: unknown): (SentRecord | undefined)[] {
  const found = opened('profiles', body);
  return found?.records.map((record) => profileOf(kind, record, found.shared)) ?? [undefined];
}

const catalogue = /^(bulk_)?(create|update|delete)_catalog_(item|variant|categor)(?:y|s|ies)?$/;
const names = new Map([
  ['item', 'items'],
  ['variant', 'variants'],
  ['categor', 'categories'],
]);

function catalogueRecordsOf({ operation, path, body }: Request): (SentRecord | undefined)[] {
  const [, bulk, verb = '', type = ''] = catalogue.exec(operation) ?? [];
  const kind = `${type === 'categor' ? 'category' : type} ${verb}`;
  const recordOf = (record: z.infer<typeof resource>, more: object): SentRecord => {
    const identity = record.id ?? record.attributes?.external_id;
    return { kind, identity: String(identity ?? ''), content: { ...record, ...more } };
  };
  if (bulk !== undefined) {
    const found = opened(names.get(type) ?? '', body);
    return found?.records.map((record) => recordOf(record, found.shared)) ?? [undefined];
  }
  const record = one.safeParse(body).data?.data;
  if (record === undefined) return [undefined];
  // The id stands in the path too; said once where both agree, as in bulk.
  const inPath = decodeURIComponent(path.split('/')[3] ?? '');
  return [recordOf(record, verb === 'create' || inPath === record.id ? {} : { inPath })];
}

function split({ operation, path, body }: Request): (SentRecord | undefined)[] {
  const record = one.safeParse(body).data?.data;
  switch (operation) {
    case 'create_event':
      return [eventOf(record?.attributes)];
    case 'bulk_create_events':
      return eventsOf(body);
    case 'create_or_update_profile':
      return [record && profileOf('profile', record)];
    case 'bulk_import_profiles':
      return profilesOf('profile', body);
    case 'bulk_subscribe_profiles':
      return profilesOf('profile subscription', body);
    case 'bulk_unsubscribe_profiles':
      return profilesOf('profile unsubscription', body);
    case 'merge_profiles':
      return [{ kind: 'profile merge', identity: record?.id ?? '', content: body }];
    default:
      if (catalogue.test(operation)) return catalogueRecordsOf({ operation, path, body });
      return [undefined];
  }
}

/** @returns its records; a body of unknown shape is one record of its own, compared whole */
export function recordsOf(request: Request): SentRecord[] {
  const found = split(request);
  const known = found.filter((record) => record !== undefined);
  if (known.length === found.length && known.length > 0) return known;
  return [{ kind: request.operation, identity: decodeURIComponent(request.path), content: request.body }];
}

/** The same value with the fields of every object in the order of their names. */
export function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, each]) => [name, sortKeys(each)]));
}
