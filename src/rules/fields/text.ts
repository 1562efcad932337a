/** Prepares texts for Klaviyo: selects a locale and cuts between whole characters. */
import type { LocalizedString } from '../../commercetools/schema-fields.ts';

/**
 * Maximum size of a text: Klaviyo accepts up to 100 KB.
 * https://developers.klaviyo.com/en/reference/events_api_overview#limitations
 */
export const maxTextBytes = 100_000;

/** Limit of this connector: ten attributes of this size leave more than half of a profile's 100 KB to its properties. */
export const maxAttributeBytes = 4_000;

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });
const encoder = new TextEncoder();

/**
 * Returns the text, or as many of its whole characters (grapheme clusters) as fit.
 * @param text any text; lone surrogates become U+FFFD, because JSON over UTF-8 can't encode them
 * @param maxBytes UTF-8 bytes
 */
export function cutText(text: string, maxBytes: number = maxTextBytes): string {
  const formed = text.toWellFormed();
  if (formed.length * 3 <= maxBytes) return formed;
  const { read } = encoder.encodeInto(formed, new Uint8Array(maxBytes));
  if (read === formed.length) return formed;
  const split = graphemes.segment(formed).containing(read);
  // A character that alone exceeds the limit (stacked accents) is cut between its code points.
  return formed.slice(0, split && split.index > 0 ? split.index : read);
}

/** Returns the text as well-formed Unicode, or undefined where it is missing or blank. */
export function present(text: string | null | undefined): string | undefined {
  return text === undefined || text === null || text.trim() === '' ? undefined : text.toWellFormed();
}

/**
 * Selects a text by locale: the preferred one, its language, any region of that language, the first one. Case is ignored,
 * `_` equals `-`, and a blank text counts as missing.
 * @param preferredLocale a tag such as `en-US`, or empty for the first text
 */
export function localizedText(localized: LocalizedString | undefined, preferredLocale: string): string | undefined {
  const exact = localized !== undefined && Object.hasOwn(localized, preferredLocale) && localized[preferredLocale];
  if (exact && present(exact) !== undefined) return exact;
  const candidates = Object.entries(localized ?? {}).filter(([, text]) => present(text) !== undefined);
  const preferred = tagOf(preferredLocale);
  const language = preferred.split('-')[0] ?? '';
  const found =
    candidates.find(([tag]) => tagOf(tag) === preferred) ??
    candidates.find(([tag]) => tagOf(tag) === language) ??
    (language === '' ? undefined : candidates.find(([tag]) => tagOf(tag).startsWith(`${language}-`))) ??
    candidates[0];
  return found?.[1];
}

export function titleOf(
  record: { id: string; name: LocalizedString; slug: LocalizedString; key?: string | undefined },
  preferredLocale: string,
): string {
  const title =
    localizedText(record.name, preferredLocale) ??
    localizedText(record.slug, preferredLocale) ??
    present(record.key) ??
    record.id;
  return cutText(title);
}

function tagOf(locale: string): string {
  return locale.trim().replaceAll('_', '-').toLowerCase();
}
