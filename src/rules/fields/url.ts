/** Builds the URL of a product's page from the template in the configuration: commercetools has no storefront. */
import type { LocalizedString } from '../../commercetools/schema-fields.ts';
import type { RuleSettings } from '../settings.ts';
import { cutText, localizedText } from './text.ts';

/** Returns the template with every `{{productSlug}}` replaced, or undefined without template or slug. */
export function productUrl(
  slug: LocalizedString | undefined,
  settings: Pick<RuleSettings, 'productUrlTemplate' | 'preferredLocale'>,
): string | undefined {
  const text = localizedText(slug, settings.preferredLocale);
  if (text === undefined || settings.productUrlTemplate === '') return undefined;
  const encoded = encodeURIComponent(text.trim().toWellFormed());
  // A function, because `$&` has a meaning in a replacement text.
  return cutText(settings.productUrlTemplate.replaceAll('{{productSlug}}', () => encoded));
}
