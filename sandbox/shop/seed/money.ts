/** Builds commercetools money. */
import type { CentPrecisionMoney, HighPrecisionMoney } from '@commercetools/platform-sdk';
import { fractionDigitsOf } from '../../commercetools/engine-corrections.ts';

/** Builds an amount in the smallest unit of its currency. */
export function money(centAmount: number, currencyCode = 'EUR'): CentPrecisionMoney {
  return { type: 'centPrecision', currencyCode, centAmount, fractionDigits: fractionDigitsOf(currencyCode) };
}

/** Builds a high-precision amount; `centAmount` is rounded. */
export function highPrecision(preciseAmount: number, fractionDigits: number, currencyCode = 'EUR'): HighPrecisionMoney {
  const centAmount = Math.round(preciseAmount / 10 ** (fractionDigits - fractionDigitsOf(currencyCode)));
  return { type: 'highPrecision', currencyCode, centAmount, fractionDigits, preciseAmount };
}
