/** Line item of an order under the names that Klaviyo's templates and recommendations use. */
import type { LineItem, OrderedProduct } from '../../commercetools/schemas.ts';
import type { JsonObject } from '../../klaviyo/change.ts';
import { categoryNames } from '../fields/breadcrumb.ts';
import { majorUnits } from '../fields/money.ts';
import { localizedText } from '../fields/text.ts';
import { productUrl } from '../fields/url.ts';
import type { RuleSettings } from '../settings.ts';
import { brandOf } from './brand.ts';
import type { OrderFacts } from './facts.ts';

export interface Line {
  productId: string | undefined;
  sku: string | undefined;
  name: string | undefined;
  quantity: number | undefined;
  /** Price of one piece after product discounts, in major units. */
  itemPrice: number | undefined;
  /** Price of the line after all discounts, in major units. */
  rowTotal: number | undefined;
  url: string | undefined;
  imageUrl: string | undefined;
  /** Breadcrumbs of every level of the product's categories, as they are now. */
  categories: string[];
  brand: string | undefined;
}

/** What a line is described by besides itself. */
export type LineFacts = Pick<OrderFacts, 'products' | 'categories'>;

/** Several events need the same lines. */
const cache = new WeakMap<LineFacts, { settings: RuleSettings; lines: Map<LineItem, Line> }>();

/** Describes a line item by its own snapshot, and by the product as it is now for categories and brand. */
export function lineOf(item: LineItem, facts: LineFacts, settings: RuleSettings): Line {
  const cached = cache.get(facts);
  const lines = cached?.settings === settings ? cached.lines : new Map<LineItem, Line>();
  if (cached?.lines !== lines) cache.set(facts, { settings, lines });
  const line = lines.get(item) ?? describe(item, facts, settings);
  lines.set(item, line);
  return line;
}

function describe(item: LineItem, facts: LineFacts, settings: RuleSettings): Line {
  const { price, totalPrice } = item;
  const product = item.productId === undefined ? undefined : facts.products.get(item.productId);
  return {
    productId: item.productId,
    sku: item.variant.sku,
    name: localizedText(item.name, settings.preferredLocale),
    quantity: item.quantity,
    itemPrice: price && majorUnits(price.discounted?.value ?? price.value),
    rowTotal: totalPrice && majorUnits(totalPrice),
    url: productUrl(item.productSlug ?? product?.masterData.current.slug, settings),
    imageUrl: item.variant.images[0]?.url,
    categories: categoriesOf(product, facts, settings),
    brand: brandOf(product, item, settings),
  };
}

export function asItem(line: Line): JsonObject {
  return {
    ...withValue({
      ProductID: line.productId,
      SKU: line.sku,
      ProductName: line.name,
      Quantity: line.quantity,
      ItemPrice: line.itemPrice,
      RowTotal: line.rowTotal,
      ProductURL: line.url,
      ImageURL: line.imageUrl,
      Brand: line.brand,
    }),
    Categories: line.categories,
  };
}

export function asOrderedProduct(line: Line): JsonObject {
  return {
    ...withValue({
      ProductID: line.productId,
      SKU: line.sku,
      ProductName: line.name,
      Quantity: line.quantity,
      ProductURL: line.url,
      ImageURL: line.imageUrl,
      ProductBrand: line.brand,
    }),
    Categories: line.categories,
  };
}

function categoriesOf(
  product: OrderedProduct | undefined,
  facts: LineFacts,
  { preferredLocale }: RuleSettings,
): string[] {
  const ids = product?.masterData.current.categories.map(({ id }) => id) ?? [];
  return categoryNames(ids, facts.categories, preferredLocale);
}

function withValue(names: Record<string, string | number | undefined>): JsonObject {
  const present: JsonObject = {};
  for (const name in names) {
    const value = names[name];
    if (value !== undefined && value !== '') present[name] = value;
  }
  return present;
}
