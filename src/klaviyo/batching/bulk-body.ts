/** Builds bulk request bodies from serialised records, and maps error pointers back to records. */

import { endpoints } from '../api/endpoints.ts';
import type { ProfileIdentity } from '../change.ts';
import type { Operation } from './operations.ts';

export interface BatchItem {
  /** @returns JSON of the record as it is part of a bulk body */
  text(): string;
  /** Size of the text in UTF-8. */
  bytes: number;
  /** Events are grouped by profile in a bulk body: the start of the group's JSON object, without its closing brace. */
  group?: string;
  /** An address for the group's profile. */
  location?: EventLocation;
  /** The profile of an event. */
  profile?: Pick<ProfileIdentity, 'email' | 'external_id'>;
  /** Replaces `{id}` in the path of the single endpoint. */
  id?: string | undefined;
  /** The record's id in Klaviyo, as a job's errors name it. */
  recordId?: string | undefined;
  /** The id can't stand in a path, so that the record goes out in bulk bodies only. */
  bulkOnly?: boolean;
  /** The body of the single endpoint; undefined when it takes none. @param location of the event's profile */
  singleBody(location?: EventLocation): string | undefined;
}

/** An address that an order gives its profile. */
export interface EventLocation {
  /** Identifies the profile. */
  profile: string;
  orderId: string;
  placedAtMs: number;
  /** JSON of the attribute, with the comma before it where the profile has others. */
  json: string;
  /** Position in the group's text. */
  at: number;
}

const noLocations: ReadonlyMap<string, EventLocation> = new Map();

/** Characters that servers and proxies decode, refuse or cut a path at, even when they are percent-encoded. */
const unsafeInPath = /[/\\%?#;\s\p{Cc}]/u;

/** @returns whether an id can stand in the path of a request */
export function isSafeInPath(id: string): boolean {
  return !unsafeInPath.test(id);
}

/** @param record a JSON:API resource. @param id replaces `{id}` in the path of the single endpoint */
export function batchItem(record: object, id?: string): BatchItem {
  const text = JSON.stringify(record);
  return itemOf(() => text, id);
}

/**
 * Like `batchItem`, but builds and serialises the record for each request. Else its text would be most of what an item or a
 * variant holds while its job is in progress, which may take minutes.
 */
export function catalogBatchItem(build: () => object, id?: string): BatchItem {
  return itemOf(() => JSON.stringify(build()), id);
}

function itemOf(text: () => string, id: string | undefined): BatchItem {
  const bulkOnly = id !== undefined && !isSafeInPath(id);
  return { text, bytes: Buffer.byteLength(text()), id, recordId: id, bulkOnly, singleBody: () => `{"data":${text()}}` };
}

export interface BodyPosition {
  /** Index in `data`; of an event the index of its group. */
  index: number;
  /** Index of an event within its group. */
  within?: number;
}

/**
 * Joins items to one body; `positions` are in their order. All parts are joined at once: a body may have megabytes.
 * @param locations of the profiles of events
 */
export function bulkBody(
  operation: Operation,
  items: readonly BatchItem[],
  locations: ReadonlyMap<string, EventLocation> = noLocations,
): { text: string; positions: BodyPosition[] } {
  const isGrouped = items[0]?.group !== undefined;
  const { parts, positions } = isGrouped ? groupedParts(items, locations) : plainParts(items);
  return { text: [operation.prefix, ...parts, operation.suffix].join(''), positions };
}

function plainParts(items: readonly BatchItem[]) {
  return {
    parts: items.flatMap((item, index) => (index === 0 ? [item.text()] : [',', item.text()])),
    positions: items.map((_, index): BodyPosition => ({ index })),
  };
}

/** Events grouped by profile; each profile occurs once. */
function groupedParts(items: readonly BatchItem[], locations: ReadonlyMap<string, EventLocation>) {
  // The profile of the first event may get its address from a later one.
  const locationOf = new Map(
    items.flatMap(({ group, location }) => (location ? [[group, locations.get(location.profile)]] : [])),
  );
  const groups = new Map<string, { index: number; parts: string[]; count: number }>();
  const positions = items.map((item): BodyPosition => {
    const { group = '' } = item;
    const located = withLocation(group, locationOf.get(group));
    const start = [groups.size === 0 ? '' : ',', located, '"events":{"data":['];
    const { index, parts, count } = groups.get(group) ?? { index: groups.size, parts: start, count: 0 };
    if (count > 0) parts.push(',');
    parts.push(item.text());
    groups.set(group, { index, parts, count: count + 1 });
    return { index, within: count };
  });
  for (const { parts } of groups.values()) parts.push(']}}}');
  return { parts: [...groups.values()].flatMap(({ parts }) => parts), positions };
}

/** @returns the JSON of an event's profile with the location */
export function withLocation(text: string, location: EventLocation | undefined): string {
  return location ? text.slice(0, location.at) + location.json + text.slice(location.at) : text;
}

/** Maximum bytes of a body's records together with their separators and groups. */
export function bodyCapacity({ bulk, prefix, suffix }: Operation): number {
  return endpoints[bulk].maxBytes - prefix.length - suffix.length;
}

/** Bytes of `"events":{"data":[` and its closing brackets, per group. */
const groupBytes = 24;

/** @returns the bytes that an item adds to a body at most: its group may be in the body already */
export function itemBytes({ bytes, group, location }: BatchItem): number {
  const located = location === undefined ? 0 : Buffer.byteLength(location.json);
  return bytes + 1 + (group === undefined ? 0 : Buffer.byteLength(group) + groupBytes + located);
}

const pointerIntoGroups = /\/events-bulk-create\/data\/(\d+)(?:\/attributes\/events\/data\/(\d+))?(?:\/|$)/;
const pointerIntoData = /^\/data\/attributes\/\w+\/data\/(\d+)(?:\/|$)/;

/** @returns the position that an error's JSON pointer refers to, or undefined when it refers to the whole body */
export function positionOf(pointer: string | undefined): BodyPosition | undefined {
  if (pointer === undefined) return undefined;
  const [, group, within] = pointerIntoGroups.exec(pointer) ?? [];
  if (group !== undefined) return { index: Number(group), ...(within === undefined ? {} : { within: Number(within) }) };
  const [, index] = pointerIntoData.exec(pointer) ?? [];
  return index === undefined ? undefined : { index: Number(index) };
}
