/** Converts amounts of commercetools to the major units that Klaviyo expects. */
import type { Money } from '../../commercetools/schema-fields.ts';

/** ISO 4217 currencies whose minor unit is not a hundredth (list one, 2026-01-01). */
const minorDigits: Record<string, number> = {
  ...{ BIF: 0, CLP: 0, DJF: 0, GNF: 0, ISK: 0, JPY: 0, KMF: 0, KRW: 0, PYG: 0, RWF: 0, UGX: 0, UYI: 0 },
  ...{ VND: 0, VUV: 0, XAF: 0, XOF: 0, XPF: 0 },
  ...{ BHD: 3, IQD: 3, JOD: 3, KWD: 3, LYD: 3, OMR: 3, TND: 3 },
  ...{ CLF: 4, UYW: 4 },
};

/**
 * Converts minor to major units: 1234 cents are 12.34, 1234 yen are 1234. highPrecision uses the precise amount.
 * https://docs.commercetools.com/api/types#money
 * @returns the number nearest to the decimal value, without rounding errors of a division
 */
export function majorUnits(money: Money): number {
  return shifted(amountOf(money), scaleOf(money));
}

export function absolute(money: Money): Money {
  const { centAmount, preciseAmount } = money;
  return {
    ...money,
    centAmount: Math.abs(centAmount),
    ...(preciseAmount === undefined ? {} : { preciseAmount: Math.abs(preciseAmount) }),
  };
}

/** An amount, several times. */
export interface MoneyAddend {
  money: Money;
  quantity: number;
}

/** @returns the sum of `moneySum` in major units */
export function sumOf(addends: readonly MoneyAddend[], currencyCode: string): number | undefined {
  const sum = moneySum(addends, currencyCode);
  return sum && majorUnits(sum);
}

/**
 * Adds amounts of one currency exactly, and rounds the sum once to the digits of the currency, halves away from zero.
 * @returns undefined without an addend
 */
export function moneySum(addends: readonly MoneyAddend[], currencyCode: string): Money | undefined {
  const parts = addends.filter(
    ({ money, quantity }) => money.currencyCode === currencyCode && isWhole(money, quantity),
  );
  if (parts.length === 0) return undefined;
  const ownDigits = parts.find(({ money }) => money.type !== 'highPrecision')?.money.fractionDigits;
  const digits = ownDigits ?? digitsOf(currencyCode);
  const scale = Math.max(digits, ...parts.map(({ money }) => scaleOf(money)));
  const sum = parts.reduce(
    (total, { money, quantity }) =>
      total + BigInt(amountOf(money)) * BigInt(quantity) * 10n ** BigInt(scale - scaleOf(money)),
    0n,
  );
  return { currencyCode, centAmount: Number(roundedTo(sum, scale - digits)), fractionDigits: digits };
}

/** Minor units of the money's own precision, of which `scaleOf` says how many digits are behind the point. */
function amountOf({ type, preciseAmount, centAmount }: Money): number {
  return type === 'highPrecision' && preciseAmount !== undefined ? preciseAmount : centAmount;
}

function scaleOf({ type, preciseAmount, fractionDigits, currencyCode }: Money): number {
  // fractionDigits of a highPrecision money apply to its precise amount, never to its cents.
  const isOwn = type !== 'highPrecision' || preciseAmount !== undefined;
  return (isOwn ? fractionDigits : undefined) ?? digitsOf(currencyCode);
}

function isWhole(money: Money, quantity: number): boolean {
  return Number.isSafeInteger(amountOf(money)) && Number.isSafeInteger(quantity);
}

/** Removes digits at the end, rounding halves away from zero. */
function roundedTo(amount: bigint, removedDigits: number): bigint {
  const unit = 10n ** BigInt(removedDigits);
  const half = amount < 0n ? -unit / 2n : unit / 2n;
  return (amount + half) / unit;
}

function digitsOf(currencyCode: string): number {
  return Object.hasOwn(minorDigits, currencyCode) ? (minorDigits[currencyCode] ?? 2) : 2;
}

function shifted(amount: number, digits: number): number {
  // Parsing a decimal text gives the nearest number. Amounts of 1e21 and above print with an exponent already.
  const text = String(amount);
  const value = text.includes('e') ? amount / 10 ** digits : Number(`${text}e-${digits}`);
  return value + 0;
}
