/** `custom_metadata` of items and variants: four texts that hold JSON, so that a mail can pick language and currency. */
import type { LocalizedString, Price } from '../../commercetools/types.ts';
import type { Warning } from '../../klaviyo/change.ts';
import type { RuleSettings } from '../settings.ts';
import { countryCurrencies, currencyCountries } from './country-currencies.ts';
import { amountOf, choosePrice, countriesOf, currenciesOf } from './prices.ts';
import { present } from './text.ts';

/** Klaviyo takes 100 KB of metadata; the four together stay below 90,000 bytes, quotes escaped. */
const mostBytes = { title_json: 40_000, slug_json: 20_000, price_json: 20_000, currency_json: 10_000 } as const;
type TextName = keyof typeof mostBytes;

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
  addText(metadata, 'title_json', entriesOf(name, 'title'));
  addText(metadata, 'slug_json', entriesOf(slug, 'slug'));
  if (prices.length === 0) return metadata;
  const ofCountries = entriesOfCountries(prices, { at, settings });
  addText(metadata, 'price_json', [...pricesOfCurrencies(prices, { at, settings }), ...ofCountries.prices]);
  addText(metadata, 'currency_json', ofCountries.currencies);
  return metadata;
}

/** Klaviyo takes 100 KB of metadata; what is around the texts needs far less than 1 KB. */
const mostMetadataBytes = 99_000;

/** As much of a merchant's metadata as Klaviyo takes: the first names that fit. */
export function fitMetadata(metadata: Record<string, string>): {
  metadata: Record<string, string>;
  warnings: Warning[];
} {
  let bytes = 2;
  const cut: string[] = [];
  const kept = Object.entries(metadata).filter(([name, text]) => {
    const needed = Buffer.byteLength(JSON.stringify(name)) + Buffer.byteLength(JSON.stringify(text)) + 2;
    const fits = bytes + needed <= mostMetadataBytes;
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

interface CountryEntries {
  prices: readonly string[];
  currencies: readonly string[];
}

function entriesOfCountries(prices: readonly Price[], now: Now): CountryEntries {
  if (countriesOf(prices, now.settings.product.price).length === 0) return sharedEntries(prices, now);
  const countries = pricesOfCountries(prices, now);
  return {
    prices: countries.map(({ country, amount }) => entry(`price_${country}`, amount)),
    currencies: countries.map(({ country, currency }) => entry(`currency_${country}`, currency)),
  };
}

/** Which country pays in which currency, for prices without a country. */
interface Payers {
  /** `"price_DE":`, and the currency that it is followed in. */
  prices: { opens: string; currency: string }[];
  currencies: string[];
}

/** The same for nearly all variants of a shop, and a hundred entries long. */
const payersOf = new Map<string, Payers>();
const mostPayers = 1_000;

function sharedEntries(prices: readonly Price[], now: Now): CountryEntries {
  const shared = chosenByCurrency(prices, 'none', now);
  const { prices: countries, currencies } = payers([...shared.keys()], now.settings.preferredCurrency);
  const amounts = new Map(
    [...shared].map(([currency, price]) => [currency, String(amountOf(price, now.settings.product.price))]),
  );
  return { prices: countries.map(({ opens, currency }) => `${opens}${amounts.get(currency)}`), currencies };
}

function payers(currencies: readonly string[], wanted: string): Payers {
  const key = [wanted, ...currencies].join(' ');
  const before = payersOf.get(key);
  if (before) return before;
  const fresh: Payers = { prices: [], currencies: [] };
  for (const country of new Set(payingIn(currencies))) {
    const currency = preferred(countryCurrencies.get(country) ?? [], new Set(currencies), wanted);
    if (currency === undefined) continue;
    fresh.prices.push({ opens: `${quoted(`price_${country}`)}:`, currency });
    fresh.currencies.push(entry(`currency_${country}`, currency));
  }
  if (payersOf.size < mostPayers) payersOf.set(key, fresh);
  return fresh;
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
const known = { title: new WeakMap<LocalizedString, string[]>(), slug: new WeakMap<LocalizedString, string[]>() };

function entriesOf(localized: LocalizedString, prefix: 'title' | 'slug'): string[] {
  const before = known[prefix].get(localized);
  if (before) return before;
  const texts = Object.entries(localized).filter(([, text]) => present(text) !== undefined);
  const entries = texts.map(([locale, text]) => entry(`${prefix}_${locale}`.toWellFormed(), text.toWellFormed()));
  known[prefix].set(localized, entries);
  return entries;
}

/** `"price_DE":12.5`, as it stands in a JSON text: there are a hundred of them in each variant, so none is an object. */
function entry(name: string, value: string | number): string {
  return `${quoted(name)}:${typeof value === 'string' ? quoted(value) : String(value)}`;
}

/** Names and currencies repeat with every variant; others than these are made anew. */
const codes = new Set([...countryCurrencies.keys(), ...currencyCountries.keys()]);
const mostQuoted = 4 * codes.size;
const quotedBefore = new Map<string, string>();

function quoted(text: string): string {
  const before = quotedBefore.get(text);
  if (before !== undefined) return before;
  const fresh = JSON.stringify(text);
  if (quotedBefore.size < mostQuoted && codes.has(text.slice(text.indexOf('_') + 1))) quotedBefore.set(text, fresh);
  return fresh;
}

/** Entries that do not fit are left out whole, because half a JSON text is none. */
function addText(metadata: Metadata, name: TextName, entries: readonly string[]): void {
  const text = `{${entries.join(',')}}`;
  // Nearly always: not even if every character had to be escaped twice would it be too long.
  if (text.length * mostEscaped <= mostBytes[name]) {
    metadata.texts[name] = text;
    return;
  }
  let bytes = 4;
  const fitting = entries.filter((one) => {
    const needed = escapedBytes(one) + 1;
    if (bytes + needed > mostBytes[name]) return false;
    bytes += needed;
    return true;
  });
  metadata.texts[name] = `{${fitting.join(',')}}`;
  if (fitting.length < entries.length) metadata.cut.push(name);
}

/** Bytes that a character of a JSON text takes at most as part of another one. */
const mostEscaped = 7;

/** Bytes of a part of a JSON text inside another one, without that one's quotes. */
function escapedBytes(part: string): number {
  return Buffer.byteLength(JSON.stringify(part)) - 2;
}
