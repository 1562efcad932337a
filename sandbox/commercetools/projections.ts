/** Builds product projections: the current or staged data of a product, with the stock of its variants. */
import { at, field, isObject, type JsonObject, listField, numberField, textField } from './json.ts';
import type { Records } from './records.ts';

/** Returns the current or staged projection of a product; undefined if it has none. */
export function projectionOf(product: unknown, side: 'current' | 'staged', records: Records): JsonObject | undefined {
  const data = at(product, 'masterData', side);
  if (!isObject(product) || !isObject(data)) return undefined;
  const { masterData, ...own } = product;
  const { masterVariant, variants: _, ...shown } = data;
  return {
    ...own,
    ...shown,
    published: field(masterData, 'published'),
    hasStagedChanges: field(masterData, 'hasStagedChanges'),
    ...(masterVariant === undefined ? {} : { masterVariant: withAvailability(masterVariant, records) }),
    variants: listField(data, 'variants').map((variant) => withAvailability(variant, records)),
  };
}

/** Yields the staged projections of all products, or the current projections of published products. */
export function* projections(records: Records, staged: boolean): Generator<JsonObject> {
  for (const product of records.queryable('product')) {
    if (!staged && at(product, 'masterData', 'published') !== true) continue;
    const projection = projectionOf(product, staged ? 'staged' : 'current', records);
    if (projection !== undefined) yield projection;
  }
}

/**
 * Adds `availability` if the variant's SKU has inventory entries. Channel entries are listed separately and not summed.
 */
export function withAvailability(variant: unknown, records: Records): unknown {
  const sku = textField(variant, 'sku');
  const entries = sku === undefined ? [] : records.findBy('inventory-entry', 'sku', sku);
  if (!isObject(variant) || entries.length === 0) return variant;
  const channels: Record<string, JsonObject> = {};
  let own: JsonObject = {};
  for (const entry of entries) {
    const channel = textField(field(entry, 'supplyChannel'), 'id');
    const stock = stockOf(entry);
    if (channel === undefined) own = stock;
    else channels[channel] = stock;
  }
  const byChannel = Object.keys(channels).length > 0 ? { channels } : {};
  return { ...variant, availability: { ...own, ...byChannel } };
}

function stockOf(entry: unknown): JsonObject {
  const availableQuantity = numberField(entry, 'availableQuantity') ?? 0;
  return {
    isOnStock: availableQuantity > 0,
    availableQuantity,
    version: numberField(entry, 'version'),
    id: textField(entry, 'id'),
  };
}
