import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { builtInRules } from '../../src/rules/index.ts';
import { markers, rulesTable } from './rules.ts';

const page = readFileSync(new URL('../../docs/mapping.md', import.meta.url), 'utf8');

test('docs/mapping.md contains the current table of rules (update it by npm run docs)', () => {
  const [, shown] = page.split(markers.begin);
  assert.equal(shown?.split(markers.end)[0]?.trim(), rulesTable());
});

test('every rule has a section below the table', () => {
  const [, below = ''] = page.split(markers.end);
  for (const { name } of builtInRules) assert.ok(below.includes(`\`${name}\``), name);
});
