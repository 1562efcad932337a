/** The address of a product's page: commercetools has no shop front, so the merchant gives a template. */
import type { LocalizedString } from '../../commercetools/schemas.ts';
import type { RuleSettings } from '../settings.ts';
import { cutText, localizedText } from './text.ts';

/** @returns the template with every `{{productSlug}}` replaced; nothing without template or slug */
export function productUrl(
  slug: LocalizedString | undefined,
  settings: Pick<RuleSettings, 'productUrlTemplate' | 'preferredLocale'>,
): string | undefined {
  const text = localizedText(slug, settings.preferredLocale);
  if (text === undefined || settings.productUrlTemplate === '') return undefined;
  const encoded = encodeURIComponent(text.trim().toWellFormed());
  // A function, because `$&` in a replacement text would mean something.
  return cutText(settings.productUrlTemplate.replaceAll('{{productSlug}}', () => encoded));
}
