/** The table of docs/monitoring.md: every metric of ours as the code knows it. */
import { definitions } from '../../src/telemetry/definitions.ts';

/** Between these lines the table stands. */
export const metricsMarkers = { begin: '<!-- metrics:begin -->', end: '<!-- metrics:end -->' } as const;

/** @returns the table in Markdown, one row for each metric */
export function metricsTable(): string {
  const rows = definitions.map(
    ({ name, type, labels, help }) =>
      `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(' ') || '–'} | ${help} |`,
  );
  return ['| Metric | Type | Labels | Meaning |', '|---|---|---|---|', ...rows].join('\n');
}
