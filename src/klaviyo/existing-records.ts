/**
 * What Klaviyo holds, looked up many at a time: what is asked for at the same moment becomes one request of up to a
 * hundred ids. Nothing is cached.
 */
import DataLoader from 'dataloader';
import { z } from 'zod';
import type { ApiResult, KlaviyoClient } from './api/client.ts';
import type { EndpointName } from './api/endpoints.ts';
import type { ApiFailure } from './api/errors.ts';
import type { Lane } from './api/rate-limiter.ts';

const prefix = '$custom:::$default:::';

/** Klaviyo's compound id; the only integration and catalogue there are. */
export const compoundId = (externalId: string) => `${prefix}${externalId}`;

const changedShape: ApiFailure = { type: 'unavailable', reason: 'Klaviyo answered in an unknown shape' };

/** A catalogue record as Klaviyo shows it. */
export interface ExistingRecord {
  externalId: string;
  attributes: Record<string, unknown>;
  /** Of a variant: the item it belongs to, where Klaviyo says it. */
  itemId?: string;
}

/** An item with every variant under it, by sku. */
export interface ExistingItem extends ExistingRecord {
  variants: Map<string, ExistingRecord>;
}

/** What was found, undefined where there is nothing, or why it can't be told. */
export type LookupResult<Thing> = Thing | undefined | { failure: ApiFailure };

export interface ExistingRecords {
  item(externalId: string, lane: Lane): Promise<LookupResult<ExistingItem>>;
  category(externalId: string, lane: Lane): Promise<LookupResult<ExistingRecord>>;
  variant(sku: string, lane: Lane): Promise<LookupResult<ExistingRecord>>;
  /** Klaviyo's id of the profile with this identifier. */
  profile(field: 'email' | 'external_id', value: string, lane: Lane): Promise<LookupResult<{ id: string }>>;
}

const linked = z.object({ data: z.array(z.object({ id: z.string() })) });
const shape = z.object({
  id: z.string(),
  attributes: z.record(z.string(), z.unknown()),
  relationships: z
    .object({
      item: z
        .object({ data: z.object({ id: z.string() }) })
        .optional()
        .catch(undefined),
      variants: linked.optional().catch(undefined),
    })
    .optional()
    .catch(undefined),
});
type Shown = z.infer<typeof shape>;
const listed = z.object({ data: z.array(shape), included: z.array(shape).optional() });

/** Klaviyo's most for `any(…)` and for a page. */
const maxIds = 100;
/** Ids may be long, and a URL holds so much. */
const maxCharacters = 12_000;
const patient = new AbortController().signal;

/** How a kind of look-up asks, and what it makes of an answer. */
interface LookupSpec<Thing> {
  endpoint: EndpointName;
  filter(keys: readonly string[]): string;
  query?: Record<string, string>;
  /** By key. */
  found(body: unknown, lane: Lane): Promise<Map<string, Thing> | { failure: ApiFailure }>;
}

export function createExistingRecords(client: KlaviyoClient): ExistingRecords {
  function lookup<Thing>(kind: LookupSpec<Thing>) {
    const loaders = { realtime: loader(kind, 'realtime'), bulk: loader(kind, 'bulk') };
    return (key: string, lane: Lane): Promise<LookupResult<Thing>> => loaders[lane].load(key);
  }

  function loader<Thing>(kind: LookupSpec<Thing>, lane: Lane): DataLoader<string, LookupResult<Thing>> {
    return new DataLoader<string, LookupResult<Thing>>(
      async (keys) => {
        const unique = [...new Set(keys)];
        const parts = await Promise.all(chunksOf(unique).map((part) => ask(kind, part, lane)));
        const byKey = new Map(parts.flatMap((part) => [...part]));
        return keys.map((key) => byKey.get(key));
      },
      { cache: false, maxBatchSize: maxIds },
    );
  }

  async function ask<Thing>(
    kind: LookupSpec<Thing>,
    keys: readonly string[],
    lane: Lane,
  ): Promise<Map<string, LookupResult<Thing>>> {
    const query = { ...kind.query, filter: kind.filter(keys), 'page[size]': String(maxIds) };
    const answer = await client.call({ endpoint: kind.endpoint, query, lane, signal: patient });
    if (!answer.ok) return failed(keys, answer);
    const found = await kind.found(answer.body, lane);
    if (!('failure' in found)) return found;
    return failed(keys, { ok: false, failure: found.failure });
  }

  /** All variants of an item: those that its page did not bring are listed. */
  async function variantsOf(item: Shown, included: ReadonlyMap<string, Shown>, lane: Lane) {
    const wanted = item.relationships?.variants?.data;
    const there = wanted?.flatMap(({ id }) => included.get(id) ?? []);
    if (there && there.length === wanted?.length) return there;
    const all: Shown[] = [];
    const query = { 'page[size]': '100' };
    for await (const page of client.pages({
      endpoint: 'listVariantsOfItem',
      id: item.id,
      query,
      lane,
      signal: patient,
    })) {
      if (!page.ok) return { failure: page.failure };
      const parsed = listed.safeParse(page.body);
      if (!parsed.success) return { failure: changedShape };
      all.push(...parsed.data.data);
    }
    return all;
  }

  async function items(body: unknown, lane: Lane) {
    const parsed = listed.safeParse(body);
    if (!parsed.success) return { failure: changedShape };
    const included = new Map(parsed.data.included?.map((one) => [one.id, one]));
    const found = new Map<string, ExistingItem>();
    for (const one of parsed.data.data) {
      const variants = await variantsOf(one, included, lane);
      if ('failure' in variants) return variants;
      const held = variants.map(heldOf).map((variant): [string, ExistingRecord] => [variant.externalId, variant]);
      found.set(externalIdOf(one.id), { ...heldOf(one), variants: new Map(held) });
    }
    return found;
  }

  const item = lookup<ExistingItem>({
    endpoint: 'listItems',
    filter: anyId,
    query: { include: 'variants' },
    found: items,
  });
  const category = lookup<ExistingRecord>({ endpoint: 'listCategories', filter: anyId, found: records });
  const variant = lookup<ExistingRecord>({ endpoint: 'listVariants', filter: anyId, found: records });
  const profiles = { email: lookup(profileBy('email')), external_id: lookup(profileBy('external_id')) };

  return {
    item,
    category,
    variant,
    // E-mails compare without case.
    profile: (field, value, lane) => profiles[field](field === 'email' ? value.toLowerCase() : value, lane),
  };
}

function failed<Thing>(
  keys: readonly string[],
  { failure }: Extract<ApiResult, { ok: false }>,
): Map<string, LookupResult<Thing>> {
  return new Map(keys.map((key) => [key, { failure }]));
}

async function records(body: unknown): Promise<Map<string, ExistingRecord> | { failure: ApiFailure }> {
  const parsed = listed.safeParse(body);
  if (!parsed.success) return { failure: changedShape };
  return new Map(parsed.data.data.map((one) => [externalIdOf(one.id), heldOf(one)]));
}

const profileShape = z.object({
  data: z.array(
    z.object({
      id: z.string(),
      attributes: z.object({ email: z.string().nullish(), external_id: z.string().nullish() }),
    }),
  ),
});

function profileBy(field: 'email' | 'external_id'): LookupSpec<{ id: string }> {
  return {
    endpoint: 'listProfiles',
    filter: (keys) => `any(${field},${JSON.stringify(keys)})`,
    query: { 'fields[profile]': 'email,external_id' },
    async found(body) {
      const parsed = profileShape.safeParse(body);
      if (!parsed.success)
        return { failure: { type: 'unavailable', reason: 'Klaviyo listed profiles in an unknown shape' } };
      return new Map(
        parsed.data.data.flatMap(({ id, attributes }): [string, { id: string }][] => {
          const value = attributes[field];
          return value == null ? [] : [[field === 'email' ? value.toLowerCase() : value, { id }]];
        }),
      );
    },
  };
}

function anyId(externalIds: readonly string[]): string {
  return `any(ids,${JSON.stringify(externalIds.map(compoundId))})`;
}

function externalIdOf(id: string): string {
  return id.startsWith(prefix) ? id.slice(prefix.length) : id;
}

function heldOf({ id, attributes, relationships }: Shown): ExistingRecord {
  const itemId = relationships?.item?.data.id;
  return {
    externalId: externalIdOf(id),
    attributes,
    ...(itemId === undefined ? {} : { itemId: externalIdOf(itemId) }),
  };
}

/** Parts that fit into a URL. */
function chunksOf(keys: readonly string[]): string[][] {
  const chunks: string[][] = [];
  let characters = 0;
  for (const key of keys) {
    const own = encodeURIComponent(compoundId(key)).length + 9;
    const last = chunks.at(-1);
    if (last && characters + own <= maxCharacters) last.push(key);
    else chunks.push([key]);
    characters = last && characters + own <= maxCharacters ? characters + own : own;
  }
  return chunks;
}
