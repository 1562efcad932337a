/** Messages of products. */
import type { Change } from '../changes.ts';
import { at, field, listField, numberField, textField } from '../json.ts';
import type { MessageBody } from '../payloads.ts';
import { projectionOf } from '../projections.ts';
import type { Records } from '../records.ts';
import { listDifference, whenChanged } from './compare.ts';

/** Returns the messages of a product change: differences in `staged` and `current`, and publication. */
export function productMessages({ before, after }: Change, records: Records): MessageBody[] {
  if (after === undefined) {
    return [
      { type: 'ProductDeleted', removedImageUrls: [], currentProjection: projectionOf(before, 'current', records) },
    ];
  }
  if (before === undefined) {
    const created = { type: 'ProductCreated', productProjection: projectionOf(after, 'staged', records) };
    return isPublished(after) ? [created, published(after, records)] : [created];
  }
  // Publishing copies `staged` to `current`. It sends one ProductPublished, not a message per difference.
  const publishing =
    at(before, 'masterData', 'hasStagedChanges') === true && at(after, 'masterData', 'hasStagedChanges') === false;
  if (isPublished(after) && (publishing || !isPublished(before)))
    return [...dataMessages(before, after, true), published(after, records)];
  if (isPublished(before) && !isPublished(after)) return [{ type: 'ProductUnpublished' }];
  const staged = dataMessages(before, after, true);
  const current = dataMessages(before, after, false);
  const alsoCurrent = new Set(current.map((message) => JSON.stringify({ ...message, staged: true })));
  return [...current, ...staged.filter((message) => !alsoCurrent.has(JSON.stringify(message)))];
}

function isPublished(product: unknown): boolean {
  return at(product, 'masterData', 'published') === true;
}

function published(product: unknown, records: Records): MessageBody {
  const productProjection = projectionOf(product, 'current', records);
  return { type: 'ProductPublished', removedImageUrls: [], productProjection, scope: 'All' };
}

function dataMessages(before: unknown, after: unknown, staged: boolean): MessageBody[] {
  const side = staged ? 'staged' : 'current';
  const [previous, current] = [at(before, 'masterData', side), at(after, 'masterData', side)];
  const variantId = (variant: unknown) => numberField(variant, 'id');
  const variants = listDifference(variantsOf(previous), variantsOf(current), variantId);
  const categories = listDifference(listField(previous, 'categories'), listField(current, 'categories'));
  return [
    ...(staged
      ? whenChanged(previous, current, 'slug', (slug, oldSlug) => ({ type: 'ProductSlugChanged', slug, oldSlug }))
      : []),
    ...variants.added.map((variant) => ({ type: 'ProductVariantAdded', variant, staged })),
    ...variants.removed.map((variant) => ({ type: 'ProductVariantDeleted', variant, removedImageUrls: [], staged })),
    ...variants.changed.flatMap(([old, variant]) => priceMessages(old, variant, staged)),
    ...categories.added.map((category) => ({ type: 'ProductAddedToCategory', category, staged })),
    ...categories.removed.map((category) => ({ type: 'ProductRemovedFromCategory', category, staged })),
  ];
}

function variantsOf(data: unknown): unknown[] {
  const master = field(data, 'masterVariant');
  return master === undefined ? [...listField(data, 'variants')] : [master, ...listField(data, 'variants')];
}

function priceMessages(before: unknown, after: unknown, staged: boolean): MessageBody[] {
  const variantId = numberField(after, 'id');
  const prices = listDifference(listField(before, 'prices'), listField(after, 'prices'));
  const sku = whenChanged(before, after, 'sku', (current, previous) => ({
    type: 'ProductVariantSkuSet',
    variantId,
    sku: current,
    oldSku: previous,
    staged,
  }));
  return [
    ...(textField(after, 'sku') === textField(before, 'sku') ? [] : sku),
    ...prices.added.map((price) => ({ type: 'ProductPriceAdded', variantId, price, staged })),
    ...prices.removed.map((price) => ({ type: 'ProductPriceRemoved', variantId, price, staged })),
    ...prices.changed.map(([oldPrice, newPrice]) => ({
      type: 'ProductPriceChanged',
      variantId,
      oldPrice,
      newPrice,
      staged,
    })),
  ];
}
