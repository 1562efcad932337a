/**
 * Values of custom fields and product attributes as text, for properties that Klaviyo's templates print: a localized text, an
 * enum with its label, or a set of these. https://docs.commercetools.com/api/projects/productTypes#attributetype
 */
import { z } from 'zod';
import { localizedText, present } from './text.ts';

const enumValue = z.looseObject({ key: z.string(), label: z.unknown() });
const localized = z.record(z.string(), z.string());
const languages = new Intl.DisplayNames(['en'], { type: 'language', fallback: 'none' });
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * Returns the texts of a value: one, or several of a set. References, nested attributes, money and other objects have none, so
 * that no id or type name is shown.
 */
export function plainTexts(value: unknown, preferredLocale: string): string[] {
  if (Array.isArray(value)) return value.flatMap((element) => textOf(element, preferredLocale) ?? []);
  return [textOf(value, preferredLocale)].filter((text) => text !== undefined);
}

function textOf(value: unknown, preferredLocale: string): string | undefined {
  if (typeof value === 'string') return present(value);
  if (typeof value === 'number') return String(value);
  const labelled = enumValue.safeParse(value);
  if (labelled.success) return labelOf(labelled.data.label, preferredLocale) ?? present(labelled.data.key);
  return textOfLanguages(value, preferredLocale);
}

function labelOf(label: unknown, preferredLocale: string): string | undefined {
  return typeof label === 'string' ? present(label) : textOfLanguages(label, preferredLocale);
}

/** Returns the preferred text of a localized value, which is an object with languages as names and nothing else. */
export function textOfLanguages(value: unknown, preferredLocale: string): string | undefined {
  const texts = localized.safeParse(value);
  if (!texts.success || !Object.keys(texts.data).every(isLanguageTag)) return undefined;
  const text = localizedText(texts.data, preferredLocale);
  // `id` is the language Indonesian, and the name of an id.
  return text !== undefined && uuid.test(text) ? undefined : text;
}

const knownTags = new Map<string, boolean>();

function isLanguageTag(tag: string): boolean {
  const known = knownTags.get(tag) ?? isNamedLanguage(tag.replaceAll('_', '-'));
  // Attribute names are few; a record with many odd names must not fill the memory.
  if (knownTags.size < 1_000) knownTags.set(tag, known);
  return known;
}

function isNamedLanguage(tag: string): boolean {
  if (!/^[a-z]{2,3}(-[a-z0-9]{2,8})*$/i.test(tag)) return false;
  try {
    return languages.of(new Intl.Locale(tag).language) !== undefined;
  } catch {
    // Not a language tag.
    return false;
  }
}
