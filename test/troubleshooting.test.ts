/** What docs/troubleshooting.md quotes is what the product prints, and what it and the other pages link to is there. */
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { variables } from '../src/config/env/environment.ts';
import { settingPaths } from '../src/config/settings/settings.ts';
import { sources } from './imports.ts';

const root = fileURLToPath(new URL('../', import.meta.url));
const read = (page: string) => readFileSync(join(root, page), 'utf8');
const page = read('docs/troubleshooting.md');
const product = sources().filter(({ path }) => !path.startsWith('sandbox/'));

/** Each “quoted” text, with … where it differs. */
const quoted = [...page.matchAll(/“([^”]+)”/g)].map(([, text = '']) => text);

test('messages are quoted', () => {
  assert.ok(quoted.length > 30, `${quoted.length}`);
});

for (const text of new Set(quoted)) {
  // A link to a heading of the page itself.
  if (text === 'curly quotes' || text === 'nothing arrives') continue;
  test(`the product prints “${text}”`, () => {
    const parts = text.split('…').map((part) => part.trim());
    const pattern = parts.map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('[^\\n]*?');
    assert.ok(
      parts.some((part) => part.length > 5),
      'more than a gap',
    );
    assert.ok(
      product.some((file) => new RegExp(pattern).test(file.text.replaceAll("\\'", "'"))),
      'nowhere in src/',
    );
  });
}

test('every variable and setting that the page names exists', () => {
  const known = new Set([...variables.map(({ name }) => name), ...settingPaths()]);
  for (const [, name = ''] of page.matchAll(
    /`([A-Z]+_[A-Z_]+|(?:order|customer|product|klaviyo|commercetools|realtime|runs|schedule|deadLetters)\.[\w.]+)(?:=\w+)?`/g,
  ))
    assert.ok(known.has(name), name);
});

test('every link between the pages leads somewhere', () => {
  for (const from of ['README.md', 'CONTRIBUTING.md', ...globSync('{docs,deploy}/**/*.md', { cwd: root })]) {
    const links = [...read(from).matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)].map(([, to = '']) => to);
    for (const to of links.filter((link) => !link.includes('://')))
      assert.ok(existsSync(join(root, dirname(from), to)), `${from}: ${to}`);
  }
});
