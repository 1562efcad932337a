/** One line of an order under the names that Klaviyo's templates and recommendations know. */
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
  productId: string;
  sku: string | undefined;
  name: string | undefined;
  quantity: number;
  /** Major units: one piece after product discounts, and the row after all discounts. */
  itemPrice: number;
  rowTotal: number;
  url: string | undefined;
  imageUrl: string | undefined;
  /** Every level of each category of the product as it is now. */
  categories: string[];
  brand: string | undefined;
}

/** Each line is asked for with its order and as an Ordered Product. */
const linesOf = new WeakMap<OrderFacts, { settings: RuleSettings; lines: Map<LineItem, Line> }>();

/** What is known of a line: its own snapshot, and the product as it is now for categories and brand. */
export function lineOf(item: LineItem, facts: OrderFacts, settings: RuleSettings): Line {
  const before = linesOf.get(facts);
  const lines = before?.settings === settings ? before.lines : new Map<LineItem, Line>();
  if (before?.lines !== lines) linesOf.set(facts, { settings, lines });
  const line = lines.get(item) ?? describe(item, facts, settings);
  lines.set(item, line);
  return line;
}

function describe(item: LineItem, facts: OrderFacts, settings: RuleSettings): Line {
  const product = facts.products.get(item.productId);
  return {
    productId: item.productId,
    sku: item.variant.sku,
    name: localizedText(item.name, settings.preferredLocale),
    quantity: item.quantity,
    itemPrice: majorUnits(item.price.discounted?.value ?? item.price.value),
    rowTotal: majorUnits(item.totalPrice),
    url: productUrl(item.productSlug ?? product?.masterData.current.slug, settings),
    imageUrl: item.variant.images[0]?.url,
    categories: categoriesOf(product, facts, settings),
    brand: brandOf(product, item, settings),
  };
}

/** As an element of `Items` of an order's events. */
export function asItem(line: Line): JsonObject {
  return {
    ...known({
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

/** As the properties of an Ordered Product. */
export function asOrderedProduct(line: Line): JsonObject {
  return {
    ...known({
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
  facts: OrderFacts,
  { preferredLocale }: RuleSettings,
): string[] {
  const ids = product?.masterData.current.categories.map(({ id }) => id) ?? [];
  return categoryNames(ids, facts.categories, preferredLocale);
}

function known(names: Record<string, string | number | undefined>): JsonObject {
  const there: JsonObject = {};
  for (const name in names) {
    const value = names[name];
    if (value !== undefined && value !== '') there[name] = value;
  }
  return there;
}
