/** Which page holds which generated table; for the command that writes them and the test that holds them. */
import { commandsMarkers, commandsReference } from './cli.ts';
import { settingsMarkers, settingsTable, variablesMarkers, variablesTable } from './config.ts';
import { licencesMarkers, licencesTable } from './licences.ts';
import { markers as rulesMarkers, rulesTable } from './rules.ts';
import { scopesMarkers, scopesTable } from './scopes.ts';
import { metricsMarkers, metricsTable } from './telemetry.ts';

export interface GeneratedTable {
  name: string;
  /** Below the project's folder. */
  page: string;
  markers: { begin: string; end: string };
  table(): string | Promise<string>;
}

export const generatedTables: readonly GeneratedTable[] = [
  { name: 'rules', page: 'docs/mapping.md', markers: rulesMarkers, table: rulesTable },
  { name: 'variables', page: 'docs/configuration.md', markers: variablesMarkers, table: variablesTable },
  { name: 'settings', page: 'docs/configuration.md', markers: settingsMarkers, table: settingsTable },
  { name: 'scopes', page: 'docs/configuration.md', markers: scopesMarkers, table: scopesTable },
  { name: 'metrics', page: 'docs/monitoring.md', markers: metricsMarkers, table: metricsTable },
  { name: 'commands', page: 'docs/cli.md', markers: commandsMarkers, table: commandsReference },
  { name: 'licences', page: 'docs/licences.md', markers: licencesMarkers, table: licencesTable },
];

export function pageOf({ page }: GeneratedTable): URL {
  return new URL(`../../${page}`, import.meta.url);
}

/** @returns the page with the table as it is now; a page without the markers as it was */
export async function withTable(page: string, { markers, table }: GeneratedTable): Promise<string> {
  const [before, rest] = page.split(markers.begin);
  const after = rest?.split(markers.end)[1];
  if (before === undefined || after === undefined) return page;
  return `${before}${markers.begin}\n${await table()}\n${markers.end}${after}`;
}
