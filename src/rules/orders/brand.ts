/** The brand of a product: commercetools has none of its own, so an attribute that the merchant names holds it. */
import { z } from 'zod';
import type { LineItem, OrderedProduct } from '../../commercetools/schemas.ts';
import { localizedText, present } from '../fields/text.ts';
import type { RuleSettings } from '../settings.ts';

const labelled = z.looseObject({ label: z.unknown() });
const localized = z.record(z.string(), z.string());

/** Of the ordered variant as it is now, else of the product as a whole, else of its master variant; as text. */
export function brandOf(
  product: OrderedProduct | undefined,
  item: LineItem,
  settings: RuleSettings,
): string | undefined {
  if (!product || settings.product.brandAttribute === '') return undefined;
  const { masterVariant, variants, attributes } = product.masterData.current;
  const all = masterVariant ? [masterVariant, ...variants] : variants;
  const ordered = all.find(({ sku }) => sku !== undefined && sku === item.variant.sku);
  const places: (OrderedProduct['masterData']['current']['attributes'] | undefined)[] = [
    ordered?.attributes,
    attributes,
    masterVariant?.attributes,
  ];
  for (const place of places) {
    const value = place?.find(({ name }) => name === settings.product.brandAttribute)?.value;
    const text = textOf(value, settings.preferredLocale);
    if (text !== undefined) return text;
  }
  return undefined;
}

/** An attribute may be text, a number, an enum with a label, localized, or a set of these: of a set the first. */
function textOf(value: unknown, preferredLocale: string): string | undefined {
  const single: unknown = Array.isArray(value) ? value[0] : value;
  if (typeof single === 'string') return present(single);
  const enumValue = labelled.safeParse(single);
  const plain = enumValue.success && enumValue.data.label !== undefined ? enumValue.data.label : single;
  if (typeof plain === 'string') return present(plain);
  if (typeof plain === 'number') return String(plain);
  const texts = localized.safeParse(plain);
  return texts.success ? localizedText(texts.data, preferredLocale) : undefined;
}
