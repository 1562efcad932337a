/** The tables of docs/configuration.md: variables and settings as the code knows them. */
import { environmentSchema, variables } from '../../src/config/env/environment.ts';
import type { Variable } from '../../src/config/env/sources.ts';
import { type SettingRow, settingRows } from '../../src/config/settings/settings.ts';

/** Between these lines the tables stand. */
export const variablesMarkers = { begin: '<!-- variables:begin -->', end: '<!-- variables:end -->' } as const;
export const settingsMarkers = { begin: '<!-- settings:begin -->', end: '<!-- settings:end -->' } as const;

/** Headings of the page, by the variable that a group begins with. */
const groups: ReadonlyMap<string, string> = new Map([
  ['KLAVIYO_AUTH_KEY', 'Accounts'],
  ['PREFERRED_LOCALE', 'Catalog'],
  ['APP_TYPE', 'Process, store and ports'],
  ['API_TOKEN', 'Access'],
  ['PUSH_PUBSUB_AUDIENCE', 'Push authentication'],
  ['SQS_QUEUE_URL', 'Queues and topics'],
  ['CTK_SETTINGS', 'Settings and subscriptions'],
  ['CONNECT_ENV', 'commercetools Connect and the open-source plugin'],
  ['LOG_LEVEL', 'Logs, traces and shutdown'],
]);

/** @returns a heading and a table in Markdown for each group, one row for each variable */
export function variablesTable(): string {
  const names = new Set(variables.map(({ name }) => name));
  for (const first of groups.keys()) if (!names.has(first)) throw new Error(`there is no variable ${first}`);
  let group = '';
  const byGroup = Map.groupBy(variables, ({ name }) => {
    group = groups.get(name) ?? group;
    return group;
  });
  const tables = [...byGroup].map(([title, members]) =>
    [`### ${title}`, '', table(['Variable', 'Meaning', 'Default'], members.map(rowOf))].join('\n'),
  );
  return `\n${tables.join('\n\n')}\n`;
}

function rowOf(variable: Variable): string[] {
  const fallback = isRequired(variable) ? '**required**' : (variable.default ?? '–');
  return [`\`${variable.name}\``, variable.description, fallback];
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
