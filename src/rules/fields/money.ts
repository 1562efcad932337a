/** Converts amounts of commercetools to the major units that Klaviyo expects. */
import type { Money } from '../../commercetools/schemas.ts';

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
  if (money.type === 'highPrecision' && money.preciseAmount !== undefined) {
    return shifted(money.preciseAmount, money.fractionDigits ?? digitsOf(money.currencyCode));
  }
  // fractionDigits of a highPrecision money apply to its precise amount, never to its cents.
  const ownDigits = money.type === 'highPrecision' ? undefined : money.fractionDigits;
  return shifted(money.centAmount, ownDigits ?? digitsOf(money.currencyCode));
}

export function absolute(money: Money): Money {
  const { centAmount, preciseAmount } = money;
  return {
    ...money,
    centAmount: Math.abs(centAmount),
    ...(preciseAmount === undefined ? {} : { preciseAmount: Math.abs(preciseAmount) }),
  };
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
