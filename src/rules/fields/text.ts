/** Texts as Klaviyo shall see them: one locale of many, whole characters only, never longer than it takes. */
import type { LocalizedString } from '../../commercetools/schemas.ts';

/**
 * Klaviyo takes texts of up to 100 KB.
 * https://developers.klaviyo.com/en/reference/events_api_overview#limitations
 */
export const maxTextBytes = 100_000;

/** Ours: ten attributes of this size leave more than half of a profile's 100 KB to its properties. */
export const maxAttributeBytes = 4_000;

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });
const encoder = new TextEncoder();

/**
 * @param text any text, also with lone surrogates (they become U+FFFD, as JSON over UTF-8 can't hold them)
 * @param mostBytes UTF-8 bytes
 * @returns the text, or as many of its whole characters (grapheme clusters) as fit
 */
export function cutText(text: string, maxBytes: number = maxTextBytes): string {
  const formed = text.toWellFormed();
  if (formed.length * 3 <= maxBytes) return formed;
  const { read } = encoder.encodeInto(formed, new Uint8Array(maxBytes));
  if (read === formed.length) return formed;
  const split = graphemes.segment(formed).containing(read);
  // A single character longer than all that fits (stacked accents) is cut between its code points.
  return formed.slice(0, split && split.index > 0 ? split.index : read);
}

/** @returns the text, well-formed, or nothing where it is missing or blank */
export function present(text: string | null | undefined): string | undefined {
  return text === undefined || text === null || text.trim() === '' ? undefined : text.toWellFormed();
}

/**
 * One text of many: the preferred locale exactly, its language, any regional form of that language, the first.
 * Case does not count, `_` is `-`, a blank text counts as missing.
 * @param preferredLocale a tag such as `en-US`, or empty for the first
 */
export function localizedText(localized: LocalizedString | undefined, preferredLocale: string): string | undefined {
  const exact = localized !== undefined && Object.hasOwn(localized, preferredLocale) && localized[preferredLocale];
  if (exact && present(exact) !== undefined) return exact;
  const known = Object.entries(localized ?? {}).filter(([, text]) => present(text) !== undefined);
  const preferred = tagOf(preferredLocale);
  const language = preferred.split('-')[0] ?? '';
  const found =
    known.find(([tag]) => tagOf(tag) === preferred) ??
    known.find(([tag]) => tagOf(tag) === language) ??
    (language === '' ? undefined : known.find(([tag]) => tagOf(tag).startsWith(`${language}-`))) ??
    known[0];
  return found?.[1];
}

/** What a record with localized texts is called when its name is missing: slug, key, id. */
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
