/** Money as commercetools writes it. */
import type { CentPrecisionMoney, HighPrecisionMoney } from '@commercetools/platform-sdk';

/** ISO 4217 where it is not 2. */
const FRACTION_DIGITS: Readonly<Record<string, number>> = { JPY: 0, KWD: 3 };

/** An amount in the smallest unit of its currency. */
export function money(centAmount: number, currencyCode = 'EUR'): CentPrecisionMoney {
  return { type: 'centPrecision', currencyCode, centAmount, fractionDigits: FRACTION_DIGITS[currencyCode] ?? 2 };
}

/** An amount with more digits than its currency has; `centAmount` is the rounded one. */
export function highPrecision(preciseAmount: number, fractionDigits: number, currencyCode = 'EUR'): HighPrecisionMoney {
  const centAmount = Math.round(preciseAmount / 10 ** (fractionDigits - (FRACTION_DIGITS[currencyCode] ?? 2)));
  return { type: 'highPrecision', currencyCode, centAmount, fractionDigits, preciseAmount };
}
