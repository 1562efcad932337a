/** Formats the comparison of expected and actual state as text. */
import type { Comparison } from './shop/expected/compare.ts';

/** Returns a header and one line per row, in columns. */
export function tableLines(rows: Comparison['rows']): string[] {
  const width = Math.max(4, ...rows.map(({ name }) => name.length));
  const amount = (value: number) => (Number.isInteger(value) ? String(value) : value.toFixed(2)).padStart(14);
  const header = `${''.padEnd(width)} ${'expected'.padStart(14)} ${'actual'.padStart(14)}`;
  return [
    header,
    ...rows.map(
      ({ name, expected, actual, ok }) =>
        `${name.padEnd(width)} ${amount(expected)} ${amount(actual)}  ${ok ? 'ok' : 'DIFFERENT'}`,
    ),
  ];
}

const maxDifferences = 50;

/** Returns one line per difference, up to a maximum. */
export function differenceLines(differences: readonly string[]): string[] {
  if (differences.length === 0) return ['', 'No record differs.'];
  const rest = differences.length > maxDifferences ? [`… and ${differences.length - maxDifferences} more`] : [];
  return [
    '',
    `${differences.length} differences:`,
    ...differences.slice(0, maxDifferences).map((line) => `  ${line}`),
    ...rest,
  ];
}
