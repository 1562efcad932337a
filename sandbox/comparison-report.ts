/** The comparison as a person reads it. */
import type { Comparison } from './shop/expected/compare.ts';

/** @returns a header and a line for each row, in columns */
export function tableLines(rows: Comparison['rows']): string[] {
  const width = Math.max(4, ...rows.map(({ what }) => what.length));
  const amount = (value: number) => (Number.isInteger(value) ? String(value) : value.toFixed(2)).padStart(14);
  const header = `${''.padEnd(width)} ${'the shop'.padStart(14)} ${'Klaviyo'.padStart(14)}`;
  return [
    header,
    ...rows.map(
      ({ what, expected, found, ok }) =>
        `${what.padEnd(width)} ${amount(expected)} ${amount(found)}  ${ok ? 'ok' : 'DIFFERENT'}`,
    ),
  ];
}

const maxShown = 50;

/** @returns the differing records, the first of them where there are many */
export function differenceLines(differences: readonly string[]): string[] {
  if (differences.length === 0) return ['', 'No record differs.'];
  const more = differences.length > maxShown ? [`… and ${differences.length - maxShown} more`] : [];
  return [
    '',
    `${differences.length} differences:`,
    ...differences.slice(0, maxShown).map((line) => `  ${line}`),
    ...more,
  ];
}
