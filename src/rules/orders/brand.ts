/** Brand of a product. commercetools has no field for it, so the settings name a product attribute. */
import type { LineItem, OrderedProduct } from '../../commercetools/schemas.ts';
import { plainTexts } from '../fields/plain-text.ts';
import type { RuleSettings } from '../settings.ts';

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
    const [text] = plainTexts(value, settings.preferredLocale);
    if (text !== undefined) return text;
  }
  return undefined;
}
