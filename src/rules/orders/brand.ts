/** Brand of a product. commercetools has no field for it, so the settings name a product attribute. */
import { z } from 'zod';
import type { LineItem, OrderedProduct } from '../../commercetools/schemas.ts';
import { localizedText, present } from '../fields/text.ts';
import type { RuleSettings } from '../settings.ts';

const labelled = z.looseObject({ label: z.unknown() });
const localized = z.record(z.string(), z.string());

/** Returns the brand of the ordered variant, else of the whole product, else of its master variant, as they are now. */
export function brandOf(
  product: OrderedProduct | undefined,
  item: LineItem,
  settings: RuleSettings,
): string | undefined {
  if (!product || settings.product.brandAttribute === '') return undefined;
  const { masterVariant, variants, attributes } = product.masterData.current;
  const allVariants = masterVariant ? [masterVariant, ...variants] : variants;
  const ordered = allVariants.find(({ sku }) => sku !== undefined && sku === item.variant.sku);
  const sources = [ordered?.attributes, attributes, masterVariant?.attributes];
  for (const source of sources) {
    const value = source?.find(({ name }) => name === settings.product.brandAttribute)?.value;
    const text = textOf(value, settings.preferredLocale);
    if (text !== undefined) return text;
  }
  return undefined;
}

/** Returns an attribute as text. It may be text, a number, an enum with a label, localized, or a set of these. */
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
