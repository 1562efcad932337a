/** Builds commercetools money. */
import type { CentPrecisionMoney, HighPrecisionMoney } from '@commercetools/platform-sdk';

/** Fraction digits per ISO 4217 of currencies that do not have two. */
const FRACTION_DIGITS: Readonly<Record<string, number>> = { JPY: 0, KWD: 3 };

/** Builds an amount in the smallest unit of its currency. */
export function money(centAmount: number, currencyCode = 'EUR'): CentPrecisionMoney {
  return { type: 'centPrecision', currencyCode, centAmount, fractionDigits: FRACTION_DIGITS[currencyCode] ?? 2 };
}

/** Builds a high-precision amount; `centAmount` is rounded. */
export function highPrecision(preciseAmount: number, fractionDigits: number, currencyCode = 'EUR'): HighPrecisionMoney {
  const centAmount = Math.round(preciseAmount / 10 ** (fractionDigits - (FRACTION_DIGITS[currencyCode] ?? 2)));
  return { type: 'highPrecision', currencyCode, centAmount, fractionDigits, preciseAmount };
}
