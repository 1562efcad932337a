/** Handles GET of a collection, or of one record by id, key or order number. */

import { expand } from './expand.ts';
import { type ApiRecord, at, field, isObject, listField } from './json.ts';
import { projectionOf, projections, withAvailability } from './projections.ts';
import { type QueriedCollection, queryPage } from './query.ts';
import type { Records } from './records.ts';
import { type HttpResponse, notFound, ok } from './responses.ts';

/** Handles a read in a collection. `address` is undefined for the collection itself. */
export function read(collection: QueriedCollection, address: string | undefined, query: URLSearchParams): HttpResponse {
  const { records, typeId } = collection;
  if (address === undefined) return queryPage(collection, rows(records, typeId, query), query);
  const found = findRecord(records, typeId === 'product-projection' ? 'product' : typeId, address);
  const shown = found === undefined ? undefined : view(records, typeId, found, query);
  return shown === undefined ? notFound(describeAddress(address)) : ok(expand(records, shown, query.getAll('expand')));
}

/** Returns the record at `id`, `key=...` or `order-number=...`. */
export function findRecord(records: Records, typeId: string, address: string): ApiRecord | undefined {
  const [, name, value] = /^(key|order-number)=(.+)$/.exec(address) ?? [];
  if (value === undefined) return records.get(typeId, address);
  const [found] = records.findBy(typeId, name === 'key' ? 'key' : 'orderNumber', value);
  return found;
}

/** Formats an address for an error message. */
export function describeAddress(address: string): string {
  const [, name, value] = /^(key|order-number)=(.+)$/.exec(address) ?? [];
  return value === undefined ? `ID '${address}'` : `${name} '${value}'`;
}

function rows(records: Records, typeId: string, query: URLSearchParams): Iterable<unknown> {
  if (typeId === 'product-projection') return projections(records, query.get('staged') === 'true');
  if (typeId === 'product') return products(records);
  return records.queryable(typeId);
}

function* products(records: Records): Generator<unknown> {
  for (const product of records.queryable('product')) yield withAvailableStock(records, product);
}

function view(records: Records, typeId: string, record: ApiRecord, query: URLSearchParams): unknown {
  if (typeId === 'product') return withAvailableStock(records, record);
  if (typeId !== 'product-projection') return record;
  const staged = query.get('staged') === 'true';
  if (!staged && at(record, 'masterData', 'published') !== true) return undefined;
  return projectionOf(record, staged ? 'staged' : 'current', records);
}

/** Returns a product whose variants have their availability. */
function withAvailableStock(records: Records, product: ApiRecord): unknown {
  const masterData = field(product, 'masterData');
  if (!isObject(masterData)) return product;
  const side = (name: 'current' | 'staged') => {
    const data = masterData[name];
    if (!isObject(data)) return data;
    const { masterVariant } = data;
    return {
      ...data,
      ...(masterVariant === undefined ? {} : { masterVariant: withAvailability(masterVariant, records) }),
      variants: listField(data, 'variants').map((variant) => withAvailability(variant, records)),
    };
  };
  return { ...product, masterData: { ...masterData, current: side('current'), staged: side('staged') } };
}
