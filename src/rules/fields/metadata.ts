/** `custom_metadata` of items and variants: four texts that hold JSON, so that a mail can pick language and currency. */
import { LRUCache } from 'lru-cache';
import type { LocalizedString, Price } from '../../commercetools/schemas.ts';
import type { Warning } from '../../klaviyo/change.ts';
import type { RuleSettings } from '../settings.ts';
import { countryCurrencies, currencyCountries } from './country-currencies.ts';
import { amountOf, choosePrice, countriesOf, currenciesOf } from './prices.ts';
import { present } from './text.ts';

/** Klaviyo takes 100 KB of metadata; the four together stay below 90,000 bytes, quotes escaped. */
const maxBytes = { title_json: 40_000, slug_json: 20_000, price_json: 20_000, currency_json: 10_000 } as const;
type TextName = keyof typeof maxBytes;

interface Text {
  text: string;
  /** Whether entries were left out: the limit of the text was reached. */
  cut: boolean;
}

export interface Metadata {
  texts: Record<string, string>;
  /** The names of the texts that lost entries to the limit. */
  cut: string[];
}

export interface MetadataSource {
  name: LocalizedString;
  slug: LocalizedString;
  prices: readonly Price[];
  at: Date;
}

/** `title_json` {`title_de`: …}, `slug_json`, and where there are prices `price_json` and `currency_json`. */
export function metadataOf({ name, slug, prices, at }: MetadataSource, settings: RuleSettings): Metadata {
  const metadata: Metadata = { texts: {}, cut: [] };
  add(metadata, 'title_json', textOfNames(name, 'title'));
  add(metadata, 'slug_json', textOfNames(slug, 'slug'));
  if (prices.length === 0) return metadata;
  const texts = textsOfPrices(prices, { at, settings });
  add(metadata, 'price_json', texts.prices);
  add(metadata, 'currency_json', texts.currencies);
  return metadata;
}

function add(metadata: Metadata, name: TextName, { text, cut }: Text): void {
  metadata.texts[name] = text;
  if (cut) metadata.cut.push(name);
}

/** Klaviyo takes 100 KB of metadata; what is around the texts needs far less than 1 KB. */
const maxMetadataBytes = 99_000;

/** As much of a merchant's metadata as Klaviyo takes: the first names that fit. */
export function fitMetadata(metadata: Record<string, string>): {
  metadata: Record<string, string>;
  warnings: Warning[];
} {
  let bytes = 2;
  const cut: string[] = [];
  const kept = Object.entries(metadata).filter(([name, text]) => {
    const needed = Buffer.byteLength(JSON.stringify(name)) + Buffer.byteLength(JSON.stringify(text)) + 2;
    const fits = bytes + needed <= maxMetadataBytes;
    if (fits) bytes += needed;
    else cut.push(name.slice(0, 100).toWellFormed());
    return fits;
  });
  if (cut.length === 0) return { metadata, warnings: [] };
  const detail = `too large for custom_metadata, left out: ${cut.slice(0, 10).join(', ')}`;
  return { metadata: Object.fromEntries(kept), warnings: [{ code: 'metadata_cut', detail }] };
}

interface Now {
  at: Date;
  settings: RuleSettings;
}

function pricesOfCurrencies(prices: readonly Price[], { at, settings }: Now): string[] {
  const of = settings.product.price;
  return currenciesOf(prices, of).flatMap((currency) => {
    const price = choosePrice(prices, { settings: of, at, currency });
    return price ? [entry(`price_${currency}`, amountOf(price, of))] : [];
  });
}

/**
 * Of nearly all variants of a shop one of a few hundred, and kilobytes long: thousands that are on their way share them.
 * What is kept is only ever what would be made anew.
 */
const sharedTexts = new LRUCache<string, Text>({ max: 1_000 });

function shared(name: TextName, key: string, entries: () => readonly string[]): Text {
  const place = `${name} ${key}`;
  const before = sharedTexts.get(place);
  if (before) return before;
  const fresh = textOf(name, entries());
  sharedTexts.set(place, fresh);
  return fresh;
}

interface PriceTexts {
  prices: Text;
  currencies: Text;
}

function textsOfPrices(prices: readonly Price[], now: Now): PriceTexts {
  const ofCurrencies = pricesOfCurrencies(prices, now);
  if (countriesOf(prices, now.settings.product.price).length === 0) return textsByCurrency(prices, ofCurrencies, now);
  const countries = pricesOfCountries(prices, now);
  const entries = [...ofCurrencies, ...countries.map(({ country, amount }) => entry(`price_${country}`, amount))];
  const currencies = countries.map(({ country, currency }) => entry(`currency_${country}`, currency));
  return {
    prices: shared('price_json', entries.join(), () => entries),
    currencies: shared('currency_json', currencies.join(), () => currencies),
  };
}

/** No price is for a country: each counts for all that pay in its currency. */
function textsByCurrency(prices: readonly Price[], ofCurrencies: readonly string[], now: Now): PriceTexts {
  const { preferredCurrency: wanted, product } = now.settings;
  const chosen = chosenByCurrency(prices, 'none', now);
  const amounts = new Map([...chosen].map(([currency, price]) => [currency, String(amountOf(price, product.price))]));
  const key = [wanted, ...amounts.keys()].join(' ');
  const countries = () => payersIn([...amounts.keys()], wanted);
  return {
    prices: shared('price_json', [key, ...amounts.values(), ...ofCurrencies].join(), () => [
      ...ofCurrencies,
      ...countries().map(({ country, currency }) => `"price_${country}":${amounts.get(currency)}`),
    ]),
    currencies: shared('currency_json', key, () =>
      countries().map(({ country, currency }) => entry(`currency_${country}`, currency)),
    ),
  };
}

/** Which country pays in which of these currencies, for prices without a country. */
function payersIn(currencies: readonly string[], wanted: string): { country: string; currency: string }[] {
  const priced = new Set(currencies);
  return [...new Set(payingIn(currencies))].flatMap((country) => {
    const currency = preferred(countryCurrencies.get(country) ?? [], priced, wanted);
    return currency === undefined ? [] : [{ country, currency }];
  });
}

/** In the order of their codes. */
function payingIn(currencies: readonly string[]): string[] {
  const countries = currencies.flatMap((currency) => currencyCountries.get(currency) ?? []);
  return currencies.length > 1 ? countries.sort() : countries;
}

interface CountryPrice {
  country: string;
  /** Major units. */
  amount: number;
  /** ISO 4217. */
  currency: string;
}

/** For each country its own price, else the one without country of the currency that the country uses. */
function pricesOfCountries(prices: readonly Price[], now: Now): CountryPrice[] {
  const of = now.settings.product.price;
  const own = new Set(countriesOf(prices, of));
  // Chosen once for each currency: most of the world's countries share a few of them.
  const shared = chosenByCurrency(prices, 'none', now);
  const amounts = new Map<Price, number>();
  const amount = (price: Price) => {
    const known = amounts.get(price) ?? amountOf(price, of);
    amounts.set(price, known);
    return known;
  };
  return [...new Set([...own, ...payingIn([...shared.keys()])])].flatMap((country): CountryPrice[] => {
    const ownPrices = own.has(country) ? chosenByCurrency(prices, { only: country }, now) : new Map<string, Price>();
    const { preferredCurrency: wanted } = now.settings;
    const [first = '', second = ''] = [
      preferred([...ownPrices.keys()], ownPrices, wanted),
      preferred(countryCurrencies.get(country) ?? [], shared, wanted),
    ];
    const price = ownPrices.get(first) ?? shared.get(second);
    return price ? [{ country, amount: amount(price), currency: price.value.currencyCode }] : [];
  });
}

function chosenByCurrency(prices: readonly Price[], country: 'none' | { only: string }, now: Now): Map<string, Price> {
  const of = now.settings.product.price;
  const chosen = new Map<string, Price>();
  for (const currency of currenciesOf(prices, of)) {
    const price = choosePrice(prices, { settings: of, at: now.at, currency, country });
    if (price) chosen.set(currency, price);
  }
  return chosen;
}

/** Of a country with several currencies the preferred one, else the first that has a price. */
function preferred(
  currencies: readonly string[],
  priced: { has(currency: string): boolean },
  wanted: string,
): string | undefined {
  if (currencies.includes(wanted) && priced.has(wanted)) return wanted;
  return currencies.find((currency) => priced.has(currency));
}

/** The same for an item and all of its variants. */
const known = { title: new WeakMap<LocalizedString, Text>(), slug: new WeakMap<LocalizedString, Text>() };

function textOfNames(localized: LocalizedString, prefix: 'title' | 'slug'): Text {
  const before = known[prefix].get(localized);
  if (before) return before;
  const names = Object.entries(localized).filter(([, text]) => present(text) !== undefined);
  const entries = names.map(([locale, text]) => entry(`${prefix}_${locale}`.toWellFormed(), text.toWellFormed()));
  const fresh = textOf(`${prefix}_json`, entries);
  known[prefix].set(localized, fresh);
  return fresh;
}

/** `"price_DE":12.5`, as it stands in a JSON text: there are a hundred of them in each variant, so none is an object. */
function entry(name: string, value: string | number): string {
  return `${quoted(name)}:${typeof value === 'string' ? quoted(value) : String(value)}`;
}

/** Names and currencies repeat with every variant; others than these are made anew. */
const codes = new Set([...countryCurrencies.keys(), ...currencyCountries.keys()]);
const maxQuoted = 4 * codes.size;
const quotedBefore = new Map<string, string>();

function quoted(text: string): string {
  const before = quotedBefore.get(text);
  if (before !== undefined) return before;
  const fresh = JSON.stringify(text);
  if (quotedBefore.size < maxQuoted && codes.has(text.slice(text.indexOf('_') + 1))) quotedBefore.set(text, fresh);
  return fresh;
}

/** Entries that do not fit are left out whole, because half a JSON text is none. */
function textOf(name: TextName, entries: readonly string[]): Text {
  const text = ['{', entries.join(','), '}'].join('');
  // Nearly always: not even if every character had to be escaped twice would it be too long.
  if (text.length * maxEscaped <= maxBytes[name]) return { text, cut: false };
  let bytes = 4;
  const fitting = entries.filter((one) => {
    const needed = escapedBytes(one) + 1;
    if (bytes + needed > maxBytes[name]) return false;
    bytes += needed;
    return true;
  });
  return { text: `{${fitting.join(',')}}`, cut: fitting.length < entries.length };
}

/** Bytes that a character of a JSON text takes at most as part of another one. */
const maxEscaped = 7;

/** Bytes of a part of a JSON text inside another one, without that one's quotes. */
function escapedBytes(part: string): number {
  return Buffer.byteLength(JSON.stringify(part)) - 2;
}
