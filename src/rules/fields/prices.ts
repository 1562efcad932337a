/** Chooses the price of a variant among its prices. */
import type { Price } from '../../commercetools/schemas.ts';
import type { RuleSettings } from '../settings.ts';
import { majorUnits } from './money.ts';
import { millisecondsOf } from './time.ts';

type PriceSettings = RuleSettings['product']['price'];

export interface PriceChoice {
  settings: PriceSettings;
  /** Time at which dated prices must be valid. */
  at: Date;
  /** ISO 4217; only prices in this currency. */
  currency?: string;
  /** Only prices of this ISO country, or only those without one. */
  country?: { only: string } | 'none';
}

/**
 * Returns the price for every customer: never one for a customer group, for a channel other than the configured one, or
 * for a subscription. Prices of the configured channel rank first, then those of the configured country. Dated prices
 * rank before undated ones, by earliest begin, earliest end and list order; undated ones without country before others.
 */
export function choosePrice(prices: readonly Price[], choice: PriceChoice): Price | undefined {
  const ranked = prices
    .filter(
      (price) => isPublicPrice(price, choice.settings) && matchesChoice(price, choice) && isValid(price, choice.at),
    )
    .map((price) => ({ price, rank: rankOf(price, choice) }));
  // Sorting is stable: equal ranks stay in list order.
  return ranked.toSorted((left, right) => compareRanks(left.rank, right.rank))[0]?.price;
}

/** Returns the amount in major units: the discounted one if there is one and the settings allow it. */
export function amountOf(price: Price, { discounted }: PriceSettings): number {
  return majorUnits(discounted && price.discounted ? price.discounted.value : price.value);
}

/** Returns the distinct ISO 4217 codes of the prices that can be chosen, in list order. */
export function currenciesOf(prices: readonly Price[], settings: PriceSettings): string[] {
  return [
    ...new Set(prices.filter((price) => isPublicPrice(price, settings)).map((price) => price.value.currencyCode)),
  ];
}

/** Returns the distinct ISO countries that have a price of their own, in list order. */
export function countriesOf(prices: readonly Price[], settings: PriceSettings): string[] {
  const countries = prices.filter((price) => isPublicPrice(price, settings)).map((price) => price.country ?? '');
  return [...new Set(countries)].filter((country) => country !== '');
}

/** Returns whether every price belongs to a channel other than the configured one, so that no price can be chosen. */
export function hasOnlyChannelPrices(prices: readonly Price[], settings: PriceSettings): boolean {
  return prices.length > 0 && prices.every(({ channel }) => channel !== undefined && channel.id !== settings.channel);
}

function isPublicPrice(price: Price, settings: PriceSettings): boolean {
  if (price.customerGroup !== undefined || price.recurrencePolicy !== undefined) return false;
  return price.channel === undefined || price.channel.id === settings.channel;
}

function matchesChoice(price: Price, { currency, country }: PriceChoice): boolean {
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

function compareRanks(left: readonly number[], right: readonly number[]): number {
  for (const [index, leftRank] of left.entries()) {
    const rightRank = right[index] ?? 0;
    if (leftRank !== rightRank) return leftRank < rightRank ? -1 : 1;
  }
  return 0;
}
