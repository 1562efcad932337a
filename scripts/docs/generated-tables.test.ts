/** Tests that generated tables are current, and that examples in the docs are valid. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { settingRows } from '../../src/config/settings/settings.ts';
import { readSettings } from '../../src/config/settings/settings-files.ts';
import { disabledEventNames } from '../../src/rules/settings.ts';
import { folder } from '../../test/fixtures/environment.ts';
import { generatedTables, pageOf, withTable } from './generated-tables.ts';
import { openApiFile, openApiText } from './openapi-document.ts';

for (const table of generatedTables) {
  test(`${table.page} shows the ${table.name} as they are`, async () => {
    const page = readFileSync(pageOf(table), 'utf8');
    const marked = page.includes(table.markers.begin) && page.includes(table.markers.end);
    assert.ok(marked, `${table.page} lacks ${table.markers.begin} and ${table.markers.end}`);
    assert.ok(
      page === (await withTable(page, table)),
      `run "npm run docs" (node scripts/docs/write-docs.ts) and commit ${table.page}`,
    );
  });
}

test('docs/openapi.json is what the service serves', async () => {
  const same = readFileSync(openApiFile, 'utf8') === (await openApiText());
  assert.ok(same, 'run "npm run docs" (node scripts/docs/write-docs.ts) and commit docs/openapi.json');
});

test('every setting says what it is for', () => {
  for (const { path, description } of settingRows()) assert.notEqual(description, '', path);
});

test('docs/configuration.md names every event that can be disabled', () => {
  const page = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8');
  for (const name of disabledEventNames) assert.ok(page.includes(`\`${name}\``), name);
});

test('the settings files in the docs are read without a mistake or a warning', (context) => {
  const blocks = ['configuration', 'setup'].flatMap((page) => {
    const text = readFileSync(new URL(`../../docs/${page}.md`, import.meta.url), 'utf8');
    return [...text.matchAll(/^```yaml\n([\s\S]*?)^```/gm)].map(([, block = '']) => block);
  });
  assert.ok(blocks.length >= 2);
  for (const block of blocks) {
    const file = join(folder(context, { 'ctk.yaml': block }), 'ctk.yaml');
    const env = { CTK_SETTINGS: file, NODE_CONFIG_DIR: '/nowhere' };
    const { problems, warnings } = readSettings(env);
    assert.deepEqual([...problems, ...warnings], [], block);
  }
});
