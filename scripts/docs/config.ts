/** The tables of docs/configuration.md and of the README: variables and settings as the code knows them. */
import { environmentSchema, variables } from '../../src/config/env/environment.ts';
import type { Variable } from '../../src/config/env/sources.ts';
import { type SettingRow, settingRows } from '../../src/config/settings/settings.ts';

/** Between these lines the tables stand. */
export const variablesMarkers = { begin: '<!-- variables:begin -->', end: '<!-- variables:end -->' } as const;
export const settingsMarkers = { begin: '<!-- settings:begin -->', end: '<!-- settings:end -->' } as const;

/** @returns the table in Markdown, one row for each variable */
export function variablesTable(): string {
  const rows = variables.map((variable) => [
    `\`${variable.name}\``,
    variable.description,
    isRequired(variable) ? '**required**' : (variable.default ?? '–'),
  ]);
  return table(['Variable', 'Meaning', 'Default'], rows);
}

/** @returns the table in Markdown, one row for each setting */
export function settingsTable(): string {
  const rows = settingRows().map((row) => [`\`${row.path}\``, row.description, defaultText(row)]);
  return table(['Setting', 'Meaning', 'Default'], rows);
}

function isRequired({ name }: Variable): boolean {
  const schema = new Map(Object.entries(environmentSchema.shape)).get(name);
  return schema !== undefined && !schema.safeParse(undefined).success;
}

function defaultText({ default: fallback }: SettingRow): string {
  return fallback === undefined ? 'unset' : `\`${JSON.stringify(fallback)}\``;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}
