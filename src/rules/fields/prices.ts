/** Which of a variant's many prices is the price. */
import type { Price } from '../../commercetools/schemas.ts';
import type { RuleSettings } from '../settings.ts';
import { majorUnits } from './money.ts';
import { millisecondsOf } from './time.ts';

type PriceSettings = RuleSettings['product']['price'];

/** What a choice among prices depends on. */
export interface PriceChoice {
  settings: PriceSettings;
  /** The clock: dated prices are valid or not. */
  at: Date;
  /** ISO 4217; only prices in this currency. */
  currency?: string;
  /** Only prices of this ISO country, or only those without one. */
  country?: { only: string } | 'none';
}

/**
 * The price that anybody pays: never one for a customer group, a channel other than the configured one, or a
 * subscription. The configured channel's come first, then the configured country's; dated ones that are valid now
 * before undated ones: earliest begin, earliest end, list order; of the undated one without country before one with.
 */
export function choosePrice(prices: readonly Price[], choice: PriceChoice): Price | undefined {
  const ranked = prices
    .filter((price) => isForAnybody(price, choice.settings) && isWanted(price, choice) && isValid(price, choice.at))
    .map((price) => ({ price, rank: rankOf(price, choice) }));
  // Sorting is stable: what ranks the same stays in list order.
  return ranked.toSorted((a, b) => compareRanks(a.rank, b.rank))[0]?.price;
}

/** Major units: the discounted value where there is one and the merchant wants it. */
export function amountOf(price: Price, { discounted }: PriceSettings): number {
  return majorUnits(discounted && price.discounted ? price.discounted.value : price.value);
}

/** ISO 4217 codes of the prices that may be chosen, in list order. */
export function currenciesOf(prices: readonly Price[], settings: PriceSettings): string[] {
  return [...new Set(prices.filter((price) => isForAnybody(price, settings)).map((price) => price.value.currencyCode))];
}

/** ISO countries that have a price of their own, in list order. */
export function countriesOf(prices: readonly Price[], settings: PriceSettings): string[] {
  const countries = prices.filter((price) => isForAnybody(price, settings)).map((price) => price.country ?? '');
  return [...new Set(countries)].filter((country) => country !== '');
}

/** Every price belongs to a channel, and none to the configured one: such a variant has no price here. */
export function hasOnlyChannelPrices(prices: readonly Price[], settings: PriceSettings): boolean {
  return prices.length > 0 && prices.every(({ channel }) => channel !== undefined && channel.id !== settings.channel);
}

function isForAnybody(price: Price, settings: PriceSettings): boolean {
  if (price.customerGroup !== undefined || price.recurrencePolicy !== undefined) return false;
  return price.channel === undefined || price.channel.id === settings.channel;
}

function isWanted(price: Price, { currency, country }: PriceChoice): boolean {
  if (currency !== undefined && price.value.currencyCode !== currency) return false;
  if (country === undefined) return true;
  return country === 'none' ? !price.country : price.country === country.only;
}

function isValid(price: Price, at: Date): boolean {
  const { from, until } = validity(price, at);
  return from <= at.getTime() && at.getTime() < until;
}

function validity(price: Price, at: Date): { from: number; until: number } {
  return {
    from: price.validFrom ? millisecondsOf(price.validFrom) : at.getTime(),
    until: price.validUntil ? millisecondsOf(price.validUntil) : Number.POSITIVE_INFINITY,
  };
}

function rankOf(price: Price, { settings, at }: PriceChoice): number[] {
  const ofChannel = price.channel === undefined ? 1 : 0;
  const ofCountry = settings.country === '' ? 0 : countryRank(price, settings.country);
  if (!price.validFrom && !price.validUntil) return [ofChannel, ofCountry, 1, price.country ? 1 : 0, 0];
  const { from, until } = validity(price, at);
  return [ofChannel, ofCountry, 0, from, until];
}

function countryRank(price: Price, preferred: string): number {
  if (!price.country) return 1;
  return price.country === preferred ? 0 : 2;
}

function compareRanks(a: readonly number[], b: readonly number[]): number {
  for (const [index, rank] of a.entries()) {
    const other = b[index] ?? 0;
    if (rank !== other) return rank < other ? -1 : 1;
  }
  return 0;
}
