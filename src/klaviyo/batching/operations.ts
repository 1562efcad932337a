/**
 * What can be written, alone and many together: which endpoints, how many records a body holds, and where they stand in
 * it. The batcher and the jobs' follower know this table, not the endpoints.
 */

import { type EndpointName, endpoints } from '../api/endpoints.ts';
import type { ProfileIdentity } from '../change.ts';

/** A record on its way, serialised once. */
export interface BatchItem {
  /** The record as it stands in a bulk body. */
  text: string;
  /** Of `text`, as UTF-8. */
  bytes: number;
  /** Bulk events stand under their profile: what opens that group, without its closing brace. */
  group?: string;
  /** Whom an event is about. */
  profile?: Pick<ProfileIdentity, 'email' | 'external_id'>;
  /** Fills the path of the single endpoint. */
  id?: string;
  /** The body of the single endpoint; undefined where it has none. */
  singleBody(): string | undefined;
}

/** Endpoints of a job: started, listed, asked for. */
export interface JobEndpoints {
  list: EndpointName;
  get: EndpointName;
  /** What the list is asked with. */
  query?: Record<string, string>;
  /** Where errors are read that a job's own record does not show. */
  errors?: EndpointName;
}

export interface Operation {
  single: EndpointName;
  /** Takes many records in one body. */
  bulk: EndpointName;
  maxRecords: number;
  /** Up to so many waiting live records go out alone: sooner there, and no job to follow. */
  maxSingle: number;
  /** What stands around the records of a body. */
  prefix: string;
  suffix: string;
  /** Absent: the answer to the body is the last word. */
  job?: JobEndpoints;
}

/** Klaviyo's most for a catalogue job, and for jobs of a kind in progress. */
const maxInCatalogJob = 100;
export const maxJobsInProgress = 500;

function catalogJob(
  what: 'item' | 'variant' | 'category',
  action: 'create' | 'update' | 'delete',
  endpointNames: Pick<Operation, 'single' | 'bulk'> & { job: JobEndpoints },
): Operation {
  const field = what === 'category' ? 'categories' : `${what}s`;
  return {
    ...endpointNames,
    maxRecords: maxInCatalogJob,
    maxSingle: 10,
    prefix: `{"data":{"type":"catalog-${what}-bulk-${action}-job","attributes":{"${field}":{"data":[`,
    suffix: ']}}}}',
  };
}

export const operations = {
  event: {
    single: 'createEvent',
    bulk: 'createEvents',
    maxRecords: 1_000,
    maxSingle: 10,
    prefix: '{"data":{"type":"event-bulk-create-job","attributes":{"events-bulk-create":{"data":[',
    suffix: ']}}}}',
  },
  profile: {
    single: 'importProfile',
    bulk: 'importProfiles',
    maxRecords: 10_000,
    maxSingle: 25,
    prefix: '{"data":{"type":"profile-bulk-import-job","attributes":{"profiles":{"data":[',
    suffix: ']}}}}',
    job: {
      list: 'listProfileImports',
      get: 'getProfileImport',
      query: { 'page[size]': '100', sort: '-created_at' },
      errors: 'listImportErrors',
    },
  },
  createItem: catalogJob('item', 'create', {
    single: 'createItem',
    bulk: 'createItems',
    job: { list: 'listItemCreations', get: 'getItemCreation' },
  }),
  updateItem: catalogJob('item', 'update', {
    single: 'updateItem',
    bulk: 'updateItems',
    job: { list: 'listItemUpdates', get: 'getItemUpdate' },
  }),
  deleteItem: catalogJob('item', 'delete', {
    single: 'deleteItem',
    bulk: 'deleteItems',
    job: { list: 'listItemDeletions', get: 'getItemDeletion' },
  }),
  createVariant: catalogJob('variant', 'create', {
    single: 'createVariant',
    bulk: 'createVariants',
    job: { list: 'listVariantCreations', get: 'getVariantCreation' },
  }),
  updateVariant: catalogJob('variant', 'update', {
    single: 'updateVariant',
    bulk: 'updateVariants',
    job: { list: 'listVariantUpdates', get: 'getVariantUpdate' },
  }),
  deleteVariant: catalogJob('variant', 'delete', {
    single: 'deleteVariant',
    bulk: 'deleteVariants',
    job: { list: 'listVariantDeletions', get: 'getVariantDeletion' },
  }),
  createCategory: catalogJob('category', 'create', {
    single: 'createCategory',
    bulk: 'createCategories',
    job: { list: 'listCategoryCreations', get: 'getCategoryCreation' },
  }),
  updateCategory: catalogJob('category', 'update', {
    single: 'updateCategory',
    bulk: 'updateCategories',
    job: { list: 'listCategoryUpdates', get: 'getCategoryUpdate' },
  }),
  deleteCategory: catalogJob('category', 'delete', {
    single: 'deleteCategory',
    bulk: 'deleteCategories',
    job: { list: 'listCategoryDeletions', get: 'getCategoryDeletion' },
  }),
} as const satisfies Record<string, Operation>;

export type OperationName = keyof typeof operations;

/** Most bytes of all records of a body, with what stands around and between them left out. */
export function bodyCapacity(write: Operation): number {
  return endpoints[write.bulk].maxBytes - write.prefix.length - write.suffix.length;
}

/** Where a parcel stands in a body. */
export interface BodyPosition {
  /** The position in `data`; of an event the position of its group. */
  index: number;
  /** The position within the group. */
  within?: number;
}

export interface BulkBody {
  text: string;
  /** In the order of the parcels. */
  positions: BodyPosition[];
}

/** Joins parcels to one body: megabytes, so that its parts are joined once. */
export function bulkBody(write: Operation, items: readonly BatchItem[]): BulkBody {
  const grouped = items[0]?.group !== undefined;
  const { parts, places } = grouped ? groups(items) : plain(items);
  return { text: [write.prefix, ...parts, write.suffix].join(''), positions: places };
}

function plain(items: readonly BatchItem[]) {
  return {
    parts: items.flatMap(({ text }, index) => (index === 0 ? [text] : [',', text])),
    places: items.map((_, index): BodyPosition => ({ index })),
  };
}

/** Events under their profiles, each profile once. */
function groups(items: readonly BatchItem[]) {
  const byGroup = new Map<string, { index: number; parts: string[]; count: number }>();
  const places = items.map(({ text, group = '' }): BodyPosition => {
    const prefix = [byGroup.size === 0 ? '' : ',', group, '"events":{"data":['];
    const known = byGroup.get(group) ?? { index: byGroup.size, parts: prefix, count: 0 };
    byGroup.set(group, known);
    if (known.count > 0) known.parts.push(',');
    known.parts.push(text);
    known.count += 1;
    return { index: known.index, within: known.count - 1 };
  });
  for (const { parts } of byGroup.values()) parts.push(']}}}');
  return { parts: [...byGroup.values()].flatMap(({ parts }) => parts), places };
}

/** Bytes that a parcel adds to a body that may not have its group yet. */
export function itemBytes({ bytes, group }: BatchItem): number {
  return bytes + 1 + (group === undefined ? 0 : Buffer.byteLength(group) + groupBytes);
}

/** `"events":{"data":[` and what closes it, for each group. */
const groupBytes = 24;

const pointerInGroups = /\/events-bulk-create\/data\/(\d+)(?:\/attributes\/events\/data\/(\d+))?(?:\/|$)/;
const pointerInData = /^\/data\/attributes\/\w+\/data\/(\d+)(?:\/|$)/;

/** @returns the place that a JSON pointer of an error means, or undefined where it means the whole body */
export function positionOf(pointer: string | undefined): BodyPosition | undefined {
  if (pointer === undefined) return undefined;
  const [, group, within] = pointerInGroups.exec(pointer) ?? [];
  if (group !== undefined) return { index: Number(group), ...(within === undefined ? {} : { within: Number(within) }) };
  const [, index] = pointerInData.exec(pointer) ?? [];
  return index === undefined ? undefined : { index: Number(index) };
}
