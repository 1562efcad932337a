/** Writes the generated tables into the docs, between their markers, and docs/openapi.json: `npm run docs`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { generatedTables, pageOf, withTable } from './generated-tables.ts';
import { openApiFile, openApiText } from './openapi-document.ts';

for (const table of generatedTables) {
  const before = readFileSync(pageOf(table), 'utf8');
  const after = await withTable(before, table);
  if (after === before) continue;
  writeFileSync(pageOf(table), after);
  console.log(`${table.page}: wrote the table of ${table.name}`);
}

writeFileSync(openApiFile, await openApiText());
