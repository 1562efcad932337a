/** Writes the generated tables into the docs, between their markers: `npm run docs`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { generatedTables, pageOf, withTable } from './generated-docs.ts';

for (const table of generatedTables) {
  const before = readFileSync(pageOf(table), 'utf8');
  const after = withTable(before, table);
  if (after === before) continue;
  writeFileSync(pageOf(table), after);
  console.log(`${table.page}: wrote the table of ${table.name}`);
}
