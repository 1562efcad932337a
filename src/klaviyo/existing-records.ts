/**
 * Reads existing records from Klaviyo. Lookups in the same turn of the event loop are combined into requests of up to a
 * hundred ids that fit into a URL. Results are not cached.
 */
import DataLoader from 'dataloader';
import { z } from 'zod';
import { chunksOf } from '../lib/chunks.ts';
import type { ApiCall, ApiResult, KlaviyoClient } from './api/client.ts';
import type { EndpointName } from './api/endpoints.ts';
import { type ApiFailure, notJson } from './api/errors.ts';
import type { Lane } from './api/rate-limiter.ts';
import { isSafeInPath } from './batching/bulk-body.ts';
import type { DeleteChange } from './change.ts';

const prefix = '$custom:::$default:::';

/** Klaviyo's compound id of a record in the only integration and catalog that API clients can use. */
export const compoundId = (externalId: string) => `${prefix}${externalId}`;

const unknownShape: ApiFailure = { type: 'unavailable', reason: 'Klaviyo answered in an unknown shape' };

/** Half a character can't be a part of a URL. */
const malformedId: ApiFailure = {
  type: 'rejected',
  status: 400,
  errors: [{ code: 'malformed_id', detail: 'the id is not well-formed text' }],
};

export interface ExistingRecord {
  externalId: string;
  attributes: Record<string, unknown>;
}

/** An item with all of its variants by sku. */
export interface ExistingItem extends ExistingRecord {
  variants: Map<string, ExistingRecord>;
}

export interface ExistingProfile {
  /** Klaviyo's id. */
  id: string;
  email?: string;
  /** Present only if it was asked for. */
  properties?: Record<string, unknown>;
}

/** The record, undefined when Klaviyo has none, or why it could not be read. */
export type LookupResult<Existing> = Existing | undefined | { failure: ApiFailure };

export interface ExistingRecords {
  item(externalId: string, lane: Lane): Promise<LookupResult<ExistingItem>>;
  category(externalId: string, lane: Lane): Promise<LookupResult<ExistingRecord>>;
  /** The variant with this sku, whichever item it belongs to: Klaviyo does not return a variant's item. */
  variant(sku: string, lane: Lane): Promise<LookupResult<ExistingRecord>>;
  /** The variant with this sku under this item. */
  variantOfItem(itemId: string, sku: string, lane: Lane): Promise<LookupResult<ExistingRecord>>;
  /** The skus that Klaviyo lists under this item, also when the item no longer exists. */
  skusOfItem(itemId: string, lane: Lane): Promise<string[] | { failure: ApiFailure }>;
  /** @returns Klaviyo's id of the profile with this identifier; e-mails are compared without case */
  profile(field: 'email' | 'external_id', value: string, lane: Lane): Promise<LookupResult<ExistingProfile>>;
  /** The same with the profile's custom properties. */
  profileProperties(field: 'email' | 'external_id', value: string, lane: Lane): Promise<LookupResult<ExistingProfile>>;
}

export interface CatalogListing {
  /** @returns the external ids of the list's first page, or why it could not be read */
  firstIds(
    recordType: DeleteChange['recordType'],
    signal: AbortSignal,
  ): Promise<{ ids: string[] } | { failure: string }>;
}

const relationship = z.object({ data: z.array(z.object({ id: z.string() })) });
const resourceSchema = z.object({
  id: z.string(),
  attributes: z.record(z.string(), z.unknown()),
  relationships: z
    .object({ variants: relationship.optional().catch(undefined) })
    .optional()
    .catch(undefined),
});
type Resource = z.infer<typeof resourceSchema>;
const resourceList = z.object({ data: z.array(resourceSchema), included: z.array(resourceSchema).optional() });

/** Klaviyo's maximum of values in an `any(…)` filter, and of a page. */
const maxIds = 100;
/** Of a filter's ids in the URL, each with two quotes and a comma, which are encoded. Servers and proxies allow 8,192. */
const urlLimits = {
  maxItems: maxIds,
  maxLength: 6_000,
  lengthOf: (key: string) => encodeURIComponent(`"${compoundId(key)}",`).length,
};
const never = new AbortController().signal;

interface LookupSpec<Existing> {
  endpoint: EndpointName;
  filter(keys: readonly string[]): string;
  /** Maximum keys of a request; a hundred if absent. */
  maxKeys?: number;
  /** @returns the key of `parse` under which a requested key is found; the same if absent */
  normalize?(key: string): string;
  query?: Record<string, string>;
  /** @returns the records of a response by key */
  parse(body: unknown, lane: Lane): Promise<Map<string, Existing> | { failure: ApiFailure }>;
}

export function createExistingRecords(client: KlaviyoClient): ExistingRecords {
  function lookup<Existing>(spec: LookupSpec<Existing>) {
    const loaders = { realtime: createLoader(spec, 'realtime'), bulk: createLoader(spec, 'bulk') };
    return (key: string, lane: Lane): Promise<LookupResult<Existing>> => loaders[lane].load(key);
  }

  function createLoader<Existing>(spec: LookupSpec<Existing>, lane: Lane): DataLoader<string, LookupResult<Existing>> {
    return new DataLoader<string, LookupResult<Existing>>(
      async (keys) => {
        const unique = [...new Set(keys)].filter((key) => key.isWellFormed());
        const limits = { ...urlLimits, maxItems: spec.maxKeys ?? maxIds };
        const chunks = await Promise.all(chunksOf(unique, limits).map((chunk) => fetchChunk(spec, chunk, lane)));
        const byKey = new Map(chunks.flatMap((chunk) => [...chunk]));
        return keys.map((key) =>
          key.isWellFormed() ? (byKey.get(key) ?? byKey.get(spec.normalize?.(key) ?? key)) : { failure: malformedId },
        );
      },
      { cache: false, maxBatchSize: spec.maxKeys ?? maxIds },
    );
  }

  async function fetchChunk<Existing>(
    spec: LookupSpec<Existing>,
    keys: readonly string[],
    lane: Lane,
  ): Promise<Map<string, LookupResult<Existing>>> {
    const query = { ...spec.query, filter: spec.filter(keys), 'page[size]': String(maxIds) };
    const result = await client.call({ endpoint: spec.endpoint, query, lane, signal: never });
    if (isTooLong(result) && keys.length > 1) {
      const middle = keys.length >> 1;
      const halves = [keys.slice(0, middle), keys.slice(middle)];
      const found = await Promise.all(halves.map((half) => fetchChunk(spec, half, lane)));
      return new Map(found.flatMap((half) => [...half]));
    }
    const records = result.ok ? await spec.parse(result.body, lane) : { failure: result.failure };
    if (records instanceof Map) return records;
    return new Map(keys.map((key) => [key, records]));
  }

  /** Reads an item's variants: from the included records when they are complete, else from the item's list. */
  async function variantsOf(item: Resource, included: ReadonlyMap<string, Resource>, lane: Lane) {
    const links = item.relationships?.variants?.data;
    const linked = links?.flatMap(({ id }) => included.get(id) ?? []);
    // Nothing says whether Klaviyo cuts longer lists.
    if (linked && linked.length === links?.length && linked.length < maxIds) return linked;
    return allVariants(variantsCall(item.id, undefined, lane));
  }

  async function allVariants(call: ApiCall): Promise<Resource[] | { failure: ApiFailure }> {
    const variants: Resource[] = [];
    for await (const page of client.pages(call)) {
      if (!page.ok) return { failure: page.failure };
      const parsed = resourceList.safeParse(page.body);
      if (!parsed.success) return { failure: unknownShape };
      variants.push(...parsed.data.data);
    }
    return variants;
  }

  async function parseItems(body: unknown, lane: Lane) {
    const parsed = resourceList.safeParse(body);
    if (!parsed.success) return { failure: unknownShape };
    const included = new Map(parsed.data.included?.map((resource) => [resource.id, resource]));
    const items = new Map<string, ExistingItem>();
    for (const item of parsed.data.data) {
      const variants = await variantsOf(item, included, lane);
      if ('failure' in variants) return variants;
      items.set(externalIdOf(item.id), { ...toRecord(item), variants: byExternalId(variants) });
    }
    return items;
  }

  const item = lookup<ExistingItem>({
    endpoint: 'listItems',
    filter: anyCompoundId,
    query: { include: 'variants' },
    parse: parseItems,
  });
  const category = lookup<ExistingRecord>({ endpoint: 'listCategories', filter: anyCompoundId, parse: parseRecords });
  const variant = lookup<ExistingRecord>({ endpoint: 'listVariants', filter: anyCompoundId, parse: parseRecords });
  const profiles = { email: lookup(profileLookup('email')), external_id: lookup(profileLookup('external_id')) };
  const profileProperties = {
    email: lookup(profileLookup('email', ['properties'])),
    external_id: lookup(profileLookup('external_id', ['properties'])),
  };

  return {
    item,
    category,
    variant,
    async variantOfItem(itemId, sku, lane) {
      const result = await client.call(variantsCall(compoundId(itemId), sku, lane));
      // The item does not exist.
      if (!result.ok && result.failure.type === 'rejected' && result.failure.status === 404) return undefined;
      if (!result.ok) return { failure: result.failure };
      const parsed = resourceList.safeParse(result.body);
      return parsed.success ? byExternalId(parsed.data.data).get(sku) : { failure: unknownShape };
    },
    async skusOfItem(itemId, lane) {
      const filter = `equals(item.id,${JSON.stringify(compoundId(itemId))})`;
      const query = { 'page[size]': String(maxIds), filter };
      const variants = await allVariants({ endpoint: 'listVariants', query, lane, signal: never });
      return 'failure' in variants ? variants : variants.map(({ id }) => externalIdOf(id));
    },
    profile: (field, value, lane) => profiles[field](value, lane),
    profileProperties: (field, value, lane) => profileProperties[field](value, lane),
  };
}

async function parseRecords(body: unknown): Promise<Map<string, ExistingRecord> | { failure: ApiFailure }> {
  const parsed = resourceList.safeParse(body);
  return parsed.success ? byExternalId(parsed.data.data) : { failure: unknownShape };
}

function byExternalId(resources: readonly Resource[]): Map<string, ExistingRecord> {
  return new Map(resources.map(toRecord).map((record) => [record.externalId, record]));
}

const identifiers = z.object({
  email: z.string().nullish(),
  external_id: z.string().nullish(),
  properties: z.record(z.string(), z.unknown()).nullish(),
});
const profileList = z.object({ data: z.array(z.object({ id: z.string(), attributes: identifiers })) });

function profileLookup(
  field: 'email' | 'external_id',
  more: readonly 'properties'[] = [],
): LookupSpec<ExistingProfile> {
  return {
    endpoint: 'listProfiles',
    // Whether Klaviyo compares e-mails without case is not documented, so that both spellings are requested.
    filter: (keys) => `any(${field},${JSON.stringify(field === 'email' ? withLowerCase(keys) : keys)})`,
    maxKeys: field === 'email' ? maxIds / 2 : maxIds,
    normalize: (key) => (field === 'email' ? key.toLowerCase() : key),
    query: { 'fields[profile]': ['email', 'external_id', ...more].join() },
    async parse(body) {
      const parsed = profileList.safeParse(body);
      if (!parsed.success)
        return { failure: { type: 'unavailable', reason: 'Klaviyo listed profiles in an unknown shape' } };
      return new Map(
        parsed.data.data.flatMap(({ id, attributes }): [string, ExistingProfile][] => {
          const value = attributes[field];
          const { email, properties } = attributes;
          const profile = { id, ...(email == null ? {} : { email }), ...(properties ? { properties } : {}) };
          return value == null ? [] : [[field === 'email' ? value.toLowerCase() : value, profile]];
        }),
      );
    },
  };
}

function withLowerCase(emails: readonly string[]): string[] {
  return [...new Set(emails.flatMap((email) => [email, email.toLowerCase()]))];
}

function anyCompoundId(externalIds: readonly string[]): string {
  return `any(ids,${JSON.stringify(externalIds.map(compoundId))})`;
}

function externalIdOf(id: string): string {
  return id.startsWith(prefix) ? id.slice(prefix.length) : id;
}

function toRecord({ id, attributes }: Resource): ExistingRecord {
  return { externalId: externalIdOf(id), attributes };
}

/** Lists an item's variants, or one of them. The item's id is in the filter where it can't stand in the path. */
function variantsCall(itemId: string, sku: string | undefined, lane: Lane): ApiCall {
  const isSafe = isSafeInPath(itemId);
  const filters = [
    ...(sku === undefined ? [] : [anyCompoundId([sku])]),
    ...(isSafe ? [] : [`equals(item.id,${JSON.stringify(itemId)})`]),
  ];
  const query = { 'page[size]': String(maxIds), ...(filters.length === 0 ? {} : { filter: filters.join(',') }) };
  const target = isSafe
    ? { endpoint: 'listVariantsOfItem' as const, id: itemId }
    : { endpoint: 'listVariants' as const };
  return { ...target, query, lane, signal: never };
}

/** @returns whether a server or proxy may have found the URL too long: such an answer is not Klaviyo's own */
function isTooLong(result: ApiResult): boolean {
  return !result.ok && result.failure.type === 'rejected' && result.failure.errors.some(({ code }) => code === notJson);
}

const externalIdList = z.object({ data: z.array(z.object({ attributes: z.object({ external_id: z.string() }) })) });

export function createListing(client: KlaviyoClient): CatalogListing {
  return {
    async firstIds(recordType, signal) {
      const endpoint = recordType === 'item' ? 'listItems' : 'listCategories';
      const query = { [`fields[catalog-${recordType}]`]: 'external_id', 'page[size]': '100' };
      const result = await client.call({ endpoint, query, lane: 'bulk', signal });
      if (!result.ok) {
        const { failure } = result;
        return { failure: failure.type === 'rejected' ? `Klaviyo answered ${failure.status}` : failure.reason };
      }
      const parsed = externalIdList.safeParse(result.body);
      if (!parsed.success) return { failure: 'Klaviyo listed its catalogue in an unknown shape' };
      return { ids: parsed.data.data.map(({ attributes }) => attributes.external_id) };
    },
  };
}
