/** Maps a customer's locale to Klaviyo. */
import { present } from './text.ts';

/**
 * Returns language and country, such as `de-DE` or `zh-TW`, or undefined where one of them is missing. Klaviyo accepts
 * (ISO 639)-(ISO 3166 alpha-2) only.
 * @param locale a tag of commercetools, such as `de-DE`, `de_DE`, `de` or `zh-Hant-TW`
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
