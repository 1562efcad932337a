/**
 * What can be written, alone and many together: which endpoints, how many records a body holds, and where they stand in
 * it. The batcher and the jobs' follower know this table, not the endpoints.
 */

import { type EndpointName, endpoints } from '../api/endpoints.ts';
import type { ProfileIdentity } from '../change.ts';

/** A record on its way, serialised once. */
export interface Parcel {
  /** The record as it stands in a bulk body. */
  text: string;
  /** Of `text`, as UTF-8. */
  bytes: number;
  /** Bulk events stand under their profile: what opens that group, without its closing brace. */
  group?: string;
  /** Whom an event is about. */
  person?: Pick<ProfileIdentity, 'email' | 'external_id'>;
  /** Fills the path of the single endpoint. */
  id?: string;
  /** The body of the single endpoint; undefined where it has none. */
  alone(): string | undefined;
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

export interface Write {
  alone: EndpointName;
  /** Takes many records in one body. */
  together: EndpointName;
  most: number;
  /** Up to so many waiting live records go out alone: sooner there, and no job to follow. */
  mostAlone: number;
  /** What stands around the records of a body. */
  opens: string;
  closes: string;
  /** Absent: the answer to the body is the last word. */
  job?: JobEndpoints;
}

/** Klaviyo's most for a catalogue job, and for jobs of a kind in progress. */
const mostInCatalogJob = 100;
export const mostJobsInProgress = 500;

function catalogJob(
  what: 'item' | 'variant' | 'category',
  action: 'create' | 'update' | 'delete',
  endpointNames: Pick<Write, 'alone' | 'together'> & { job: JobEndpoints },
): Write {
  const field = what === 'category' ? 'categories' : `${what}s`;
  return {
    ...endpointNames,
    most: mostInCatalogJob,
    mostAlone: 10,
    opens: `{"data":{"type":"catalog-${what}-bulk-${action}-job","attributes":{"${field}":{"data":[`,
    closes: ']}}}}',
  };
}

export const writes = {
  event: {
    alone: 'createEvent',
    together: 'createEvents',
    most: 1_000,
    mostAlone: 10,
    opens: '{"data":{"type":"event-bulk-create-job","attributes":{"events-bulk-create":{"data":[',
    closes: ']}}}}',
  },
  profile: {
    alone: 'importProfile',
    together: 'importProfiles',
    most: 10_000,
    mostAlone: 25,
    opens: '{"data":{"type":"profile-bulk-import-job","attributes":{"profiles":{"data":[',
    closes: ']}}}}',
    job: {
      list: 'listProfileImports',
      get: 'getProfileImport',
      query: { 'page[size]': '100', sort: '-created_at' },
      errors: 'listImportErrors',
    },
  },
  createItem: catalogJob('item', 'create', {
    alone: 'createItem',
    together: 'createItems',
    job: { list: 'listItemCreations', get: 'getItemCreation' },
  }),
  updateItem: catalogJob('item', 'update', {
    alone: 'updateItem',
    together: 'updateItems',
    job: { list: 'listItemUpdates', get: 'getItemUpdate' },
  }),
  deleteItem: catalogJob('item', 'delete', {
    alone: 'deleteItem',
    together: 'deleteItems',
    job: { list: 'listItemDeletions', get: 'getItemDeletion' },
  }),
  createVariant: catalogJob('variant', 'create', {
    alone: 'createVariant',
    together: 'createVariants',
    job: { list: 'listVariantCreations', get: 'getVariantCreation' },
  }),
  updateVariant: catalogJob('variant', 'update', {
    alone: 'updateVariant',
    together: 'updateVariants',
    job: { list: 'listVariantUpdates', get: 'getVariantUpdate' },
  }),
  deleteVariant: catalogJob('variant', 'delete', {
    alone: 'deleteVariant',
    together: 'deleteVariants',
    job: { list: 'listVariantDeletions', get: 'getVariantDeletion' },
  }),
  createCategory: catalogJob('category', 'create', {
    alone: 'createCategory',
    together: 'createCategories',
    job: { list: 'listCategoryCreations', get: 'getCategoryCreation' },
  }),
  updateCategory: catalogJob('category', 'update', {
    alone: 'updateCategory',
    together: 'updateCategories',
    job: { list: 'listCategoryUpdates', get: 'getCategoryUpdate' },
  }),
  deleteCategory: catalogJob('category', 'delete', {
    alone: 'deleteCategory',
    together: 'deleteCategories',
    job: { list: 'listCategoryDeletions', get: 'getCategoryDeletion' },
  }),
} as const satisfies Record<string, Write>;

export type WriteName = keyof typeof writes;

/** Most bytes of all records of a body, with what stands around and between them left out. */
export function roomOf(write: Write): number {
  return endpoints[write.together].mostBytes - write.opens.length - write.closes.length;
}

/** Where a parcel stands in a body. */
export interface Place {
  /** The position in `data`; of an event the position of its group. */
  index: number;
  /** The position within the group. */
  within?: number;
}

export interface Body {
  text: string;
  /** In the order of the parcels. */
  places: Place[];
}

/** Joins parcels to one body: megabytes, so that its parts are joined once. */
export function bodyOf(write: Write, parcels: readonly Parcel[]): Body {
  const grouped = parcels[0]?.group !== undefined;
  const { parts, places } = grouped ? groups(parcels) : plain(parcels);
  return { text: [write.opens, ...parts, write.closes].join(''), places };
}

function plain(parcels: readonly Parcel[]) {
  return {
    parts: parcels.flatMap(({ text }, index) => (index === 0 ? [text] : [',', text])),
    places: parcels.map((_, index): Place => ({ index })),
  };
}

/** Events under their profiles, each profile once. */
function groups(parcels: readonly Parcel[]) {
  const byGroup = new Map<string, { index: number; parts: string[]; count: number }>();
  const places = parcels.map(({ text, group = '' }): Place => {
    const opens = [byGroup.size === 0 ? '' : ',', group, '"events":{"data":['];
    const known = byGroup.get(group) ?? { index: byGroup.size, parts: opens, count: 0 };
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
export function sizeOf({ bytes, group }: Parcel): number {
  return bytes + 1 + (group === undefined ? 0 : Buffer.byteLength(group) + groupBytes);
}

/** `"events":{"data":[` and what closes it, for each group. */
const groupBytes = 24;

const pointerInGroups = /\/events-bulk-create\/data\/(\d+)(?:\/attributes\/events\/data\/(\d+))?(?:\/|$)/;
const pointerInData = /^\/data\/attributes\/\w+\/data\/(\d+)(?:\/|$)/;

/** @returns the place that a JSON pointer of an error means, or undefined where it means the whole body */
export function placeOf(pointer: string | undefined): Place | undefined {
  if (pointer === undefined) return undefined;
  const [, group, within] = pointerInGroups.exec(pointer) ?? [];
  if (group !== undefined) return { index: Number(group), ...(within === undefined ? {} : { within: Number(within) }) };
  const [, index] = pointerInData.exec(pointer) ?? [];
  return index === undefined ? undefined : { index: Number(index) };
}
