/** A customer's locale as Klaviyo takes it. */
import { present } from './text.ts';

/**
 * @param locale a tag as commercetools keeps it, such as `de-DE`, `de_DE`, `de` or `zh-Hant-TW`
 * @returns language and country (`de-DE`, `zh-TW`), or nothing where one of them is missing:
 * Klaviyo wants (ISO 639)-(ISO 3166 alpha-2)
 */
export function profileLocale(locale: string | undefined): string | undefined {
  const tag = present(locale)?.trim().replaceAll('_', '-');
  if (tag === undefined) return undefined;
  try {
    const { language, region } = new Intl.Locale(tag);
    return region !== undefined && /^[A-Z]{2}$/.test(region) ? `${language}-${region}` : undefined;
  } catch {
    // Not a language tag.
    return undefined;
  }
}
