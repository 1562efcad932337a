/** Reads existing records from Klaviyo, in batches. */
import { z } from 'zod';
import type { ApiCall, KlaviyoClient } from './api/client.ts';
import type { EndpointName } from './api/endpoints.ts';
import type { ApiFailure } from './api/errors.ts';
import type { Lane } from './api/rate-limiter.ts';
import {
  createBatchedLookup,
  type FoundRecords,
  type LookupResult,
  type LookupSpec,
  maxIds,
  never,
  unknownShape,
} from './batched-lookup.ts';
import { isSafeInPath } from './batching/bulk-body.ts';
import type { DeleteChange } from './change.ts';
import { createExistingProfiles, type ExistingProfiles } from './existing-profiles.ts';

const prefix = '$custom:::$default:::';

/** Klaviyo's compound id of a record in the only integration and catalog that API clients can use. */
export const compoundId = (externalId: string) => `${prefix}${externalId}`;

export interface ExistingRecord {
  externalId: string;
  attributes: Record<string, unknown>;
}

/** An item with all of its variants by sku. */
export interface ExistingItem extends ExistingRecord {
  variants: Map<string, ExistingRecord>;
}

export interface ExistingRecords extends ExistingProfiles {
  item(externalId: string, lane: Lane): Promise<LookupResult<ExistingItem>>;
  category(externalId: string, lane: Lane): Promise<LookupResult<ExistingRecord>>;
  /** The variant with this sku, whichever item it belongs to: Klaviyo does not return a variant's item. */
  variant(sku: string, lane: Lane): Promise<LookupResult<ExistingRecord>>;
  /** The variant with this sku under this item. */
  variantOfItem(itemId: string, sku: string, lane: Lane): Promise<LookupResult<ExistingRecord>>;
  /** The skus that Klaviyo lists under this item, also when the item no longer exists. */
  skusOfItem(itemId: string, lane: Lane): Promise<string[] | { failure: ApiFailure }>;
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

export function createExistingRecords(client: KlaviyoClient): ExistingRecords {
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
    const items: FoundRecords<ExistingItem> = new Map();
    for (const item of parsed.data.data) {
      const variants = await variantsOf(item, included, lane);
      if (!('failure' in variants))
        items.set(externalIdOf(item.id), { ...toRecord(item), variants: byExternalId(variants) });
      // It was deleted after it was listed. Any other failure concerns this item alone.
      else if (!isMissing(variants.failure)) items.set(externalIdOf(item.id), variants);
    }
    return { found: items };
  }

  const byCompoundId = <Existing extends object>(
    endpoint: EndpointName,
    parse: LookupSpec<Existing>['parse'],
    query: Record<string, string> = {},
  ) => createBatchedLookup(client, { endpoint, filter: anyCompoundId, inFilter: compoundId, query, parse });
  const item = byCompoundId<ExistingItem>('listItems', parseItems, { include: 'variants' });
  const category = byCompoundId('listCategories', parseRecords);
  const variant = byCompoundId('listVariants', parseRecords);

  return {
    item,
    category,
    variant,
    async variantOfItem(itemId, sku, lane) {
      const result = await client.call(variantsCall(compoundId(itemId), sku, lane));
      // The item does not exist.
      if (!result.ok && isMissing(result.failure)) return undefined;
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
    ...createExistingProfiles(client),
  };
}

async function parseRecords(body: unknown): Promise<{ found: FoundRecords<ExistingRecord> } | { failure: ApiFailure }> {
  const parsed = resourceList.safeParse(body);
  return parsed.success ? { found: byExternalId(parsed.data.data) } : { failure: unknownShape };
}

function byExternalId(resources: readonly Resource[]): Map<string, ExistingRecord> {
  return new Map(resources.map(toRecord).map((record) => [record.externalId, record]));
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

function isMissing(failure: ApiFailure): boolean {
  return failure.type === 'rejected' && failure.status === 404;
}
