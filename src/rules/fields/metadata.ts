/** Builds `custom_metadata` of items and variants: four texts with JSON, from which e-mails select language and currency. */
import type { LocalizedString } from '../../commercetools/schema-fields.ts';
import type { Price } from '../../commercetools/schemas.ts';
import type { Warning } from '../../klaviyo/change.ts';
import { createLruCache } from '../../lib/lru-cache.ts';
import type { RuleSettings } from '../settings.ts';
import { countryCurrencies, currencyCountries } from './country-currencies.ts';
import { amountOf, choosePrice, countriesOf, currenciesOf } from './prices.ts';
import { present } from './text.ts';

/** Klaviyo accepts 100 KB of metadata. The four texts together stay below 90,000 bytes with escaped quotes. */
const maxBytes = { title_json: 40_000, slug_json: 20_000, price_json: 20_000, currency_json: 10_000 } as const;
type TextName = keyof typeof maxBytes;

interface Text {
  text: string;
  /** Whether entries were left out because of the limit of the text. */
  cut: boolean;
}

export interface Metadata {
  texts: Record<string, string>;
  cut: string[];
}

/** Returns the texts that an item and its variants share: `title_json` {`title_de`: …} and `slug_json`. */
export function metadataOfNames(name: LocalizedString, slug: LocalizedString): Metadata {
  const metadata: Metadata = { texts: {}, cut: [] };
  add(metadata, 'title_json', textOfNames(name, 'title'));
  add(metadata, 'slug_json', textOfNames(slug, 'slug'));
  return metadata;
}

/** Returns `price_json` and `currency_json`; nothing without prices. */
export function metadataOfPrices(prices: readonly Price[], context: PriceContext): Metadata {
  const metadata: Metadata = { texts: {}, cut: [] };
  if (prices.length === 0) return metadata;
  const texts = textsOfPrices(prices, context);
  add(metadata, 'price_json', texts.prices);
  add(metadata, 'currency_json', texts.currencies);
  return metadata;
}

function add(metadata: Metadata, name: TextName, { text, cut }: Text): void {
  metadata.texts[name] = text;
  if (cut) metadata.cut.push(name);
}

/** Klaviyo accepts 100 KB of metadata. The envelope around it needs far less than 1 KB. */
const maxMetadataBytes = 99_000;

/** Returns the first entries of a hook's or custom rule's metadata that fit into Klaviyo's limit. */
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

export interface PriceContext {
  at: Date;
  settings: RuleSettings;
}

function pricesOfCurrencies(prices: readonly Price[], { at, settings }: PriceContext): string[] {
  const of = settings.product.price;
  return currenciesOf(prices, of).flatMap((currency) => {
    const price = choosePrice(prices, { settings: of, at, currency });
    return price ? [entry(`price_${currency}`, amountOf(price, of))] : [];
  });
}

/** Most variants of a shop have one of a few hundred texts, kilobytes each. In-flight variants share them. */
const sharedTexts = createLruCache<string, Text>({ max: 1_000 });

function shared(name: TextName, key: string, entries: () => readonly string[]): Text {
  const cacheKey = `${name} ${key}`;
  const cached = sharedTexts.get(cacheKey);
  if (cached) return cached;
  const fresh = textOf(name, entries());
  sharedTexts.set(cacheKey, fresh);
  return fresh;
}

type PriceTexts = Record<'prices' | 'currencies', Text>;

function textsOfPrices(prices: readonly Price[], context: PriceContext): PriceTexts {
  const ofCurrencies = pricesOfCurrencies(prices, context);
  if (countriesOf(prices, context.settings.product.price).length === 0)
    return textsByCurrency(prices, ofCurrencies, context);
  const countries = pricesOfCountries(prices, context);
  const entries = [...ofCurrencies, ...countries.map(({ country, amount }) => entry(`price_${country}`, amount))];
  const currencies = countries.map(({ country, currency }) => entry(`currency_${country}`, currency));
  return {
    prices: shared('price_json', entries.join(), () => entries),
    currencies: shared('currency_json', currencies.join(), () => currencies),
  };
}

/** Builds the texts of prices without countries: each price applies to all countries with its currency. */
function textsByCurrency(prices: readonly Price[], ofCurrencies: readonly string[], context: PriceContext): PriceTexts {
  const { preferredCurrency, product } = context.settings;
  const chosen = chosenByCurrency(prices, 'none', context);
  const amounts = new Map([...chosen].map(([currency, price]) => [currency, String(amountOf(price, product.price))]));
  const key = [preferredCurrency, ...amounts.keys()].join(' ');
  const countries = () => countriesWith([...amounts.keys()], preferredCurrency);
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

/** Returns the currency of each country that uses one of these currencies, for prices without a country. */
function countriesWith(
  currencies: readonly string[],
  preferredCurrency: string,
): { country: string; currency: string }[] {
  const priced = new Set(currencies);
  return [...new Set(countriesUsing(currencies))].flatMap((country) => {
    const currency = preferred(countryCurrencies.get(country) ?? [], priced, preferredCurrency);
    return currency === undefined ? [] : [{ country, currency }];
  });
}

function countriesUsing(currencies: readonly string[]): string[] {
  const countries = currencies.flatMap((currency) => currencyCountries.get(currency) ?? []);
  return currencies.length > 1 ? countries.sort() : countries;
}

/** Returns for each country its own price, else the price without a country in the country's currency. */
function pricesOfCountries(prices: readonly Price[], context: PriceContext) {
  const of = context.settings.product.price;
  const own = new Set(countriesOf(prices, of));
  // Chosen once for each currency, because many countries share a currency.
  const shared = chosenByCurrency(prices, 'none', context);
  return [...new Set([...own, ...countriesUsing([...shared.keys()])])].flatMap((country) => {
    const ownPrices = own.has(country)
      ? chosenByCurrency(prices, { only: country }, context)
      : new Map<string, Price>();
    const { preferredCurrency } = context.settings;
    const [first = '', second = ''] = [
      preferred([...ownPrices.keys()], ownPrices, preferredCurrency),
      preferred(countryCurrencies.get(country) ?? [], shared, preferredCurrency),
    ];
    const price = ownPrices.get(first) ?? shared.get(second);
    return price ? [{ country, amount: amountOf(price, of), currency: price.value.currencyCode }] : [];
  });
}

function chosenByCurrency(
  prices: readonly Price[],
  country: 'none' | { only: string },
  context: PriceContext,
): Map<string, Price> {
  const of = context.settings.product.price;
  const chosen = new Map<string, Price>();
  for (const currency of currenciesOf(prices, of)) {
    const price = choosePrice(prices, { settings: of, at: context.at, currency, country });
    if (price) chosen.set(currency, price);
  }
  return chosen;
}

function preferred(
  currencies: readonly string[],
  priced: { has(currency: string): boolean },
  preferredCurrency: string,
): string | undefined {
  if (currencies.includes(preferredCurrency) && priced.has(preferredCurrency)) return preferredCurrency;
  return currencies.find((currency) => priced.has(currency));
}

function textOfNames(localized: LocalizedString, prefix: 'title' | 'slug'): Text {
  const names = Object.entries(localized).filter(([, text]) => present(text) !== undefined);
  const entries = names.map(([locale, text]) => entry(`${prefix}_${locale}`.toWellFormed(), text.toWellFormed()));
  return textOf(`${prefix}_json`, entries);
}

/** Returns an entry as JSON text, such as `"price_DE":12.5`. Each variant has a hundred, so none is an object. */
function entry(name: string, value: string | number): string {
  return `${JSON.stringify(name)}:${JSON.stringify(value)}`;
}

/** Joins entries to a JSON text. Entries that do not fit are left out whole. */
function textOf(name: TextName, entries: readonly string[]): Text {
  const text = `{${entries.join(',')}}`;
  // The usual case: the text fits even if every character has to be escaped twice.
  if (text.length * maxEscaped <= maxBytes[name]) return { text, cut: false };
  let bytes = 4;
  const fitting = entries.filter((text) => {
    const needed = escapedBytes(text) + 1;
    if (bytes + needed > maxBytes[name]) return false;
    bytes += needed;
    return true;
  });
  return { text: `{${fitting.join(',')}}`, cut: fitting.length < entries.length };
}

/** Maximum bytes of a character of a JSON text inside another JSON text. */
const maxEscaped = 7;

function escapedBytes(part: string): number {
  return Buffer.byteLength(JSON.stringify(part)) - 2;
}
