/** Formats localized texts and money like the connector with PREFERRED_LOCALE=en. */
import type { Money } from './read-shop.ts';

const PREFERRED = 'en';

/** Returns the text in `en`, else in a regional English locale, else the first one. Skips empty texts. */
export function localizedText(localized: Readonly<Record<string, string>> | undefined): string | undefined {
  const filled = Object.entries(localized ?? {}).filter(([, value]) => value !== '');
  const language = ([locale]: readonly [string, string]) => locale.toLowerCase().split(/[-_]/)[0];
  const exact = filled.find(([locale]) => locale.toLowerCase() === PREFERRED);
  const regional = filled.find((entry) => language(entry) === PREFERRED);
  return (exact ?? regional ?? filled[0])?.[1];
}

/** Returns the amount in major units. */
export function toMajorUnits({ type, centAmount, fractionDigits, preciseAmount }: Money): number {
  const amount = type === 'highPrecision' ? (preciseAmount ?? centAmount) : centAmount;
  return amount / 10 ** fractionDigits;
}
