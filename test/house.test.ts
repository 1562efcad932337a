/** House test: the import table of the layout, every rule listed, documented and tested, the glossary. */
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path/posix';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { builtInRules } from '../src/rules/index.ts';
import { type Import, importsFolder, importsOf, sources } from './imports.ts';

const files = sources();
const imports = files.flatMap(importsOf);

/**
 * What each folder of src/ may import besides itself and lib/: folders or files of src/, or npm packages that only it may
 * use. `type:` allows types only. A folder that is missing here may not exist. docs/architecture.md shows the same.
 */
const allowedImports: Record<string, readonly string[]> = {
  lib: [],
  // Plain shapes of its own; the rest of telemetry/ reads what it measures.
  'telemetry/app-events.ts': [],
  'telemetry/span.ts': [],
  'telemetry/request.ts': ['type:telemetry/app-events.ts', 'telemetry/span.ts'],
  store: [],
  commercetools: ['type:store/custom-objects.ts', 'type:telemetry/app-events.ts', 'telemetry/request.ts'],
  klaviyo: ['type:telemetry/app-events.ts', 'telemetry/request.ts', 'telemetry/span.ts'],
  // Mapping is pure: rules know the shapes of both sides, and only their facts parse records.
  rules: [
    ...[
      'commercetools/schemas.ts',
      'commercetools/cart-schemas.ts',
      'commercetools/errors.ts',
      'type:commercetools',
      'type:klaviyo/change.ts',
    ],
    ...['type:klaviyo/existing-profiles.ts', 'type:klaviyo/profile-details.ts', 'type:klaviyo/profile-lookups.ts'],
  ],
  extension: ['rules', 'type:commercetools', 'type:klaviyo/change.ts'],
  sources: ['type:telemetry/app-events.ts', 'type:config/env'],
  'engine/delivery': [
    ...['rules', 'commercetools', 'store/store.ts', 'telemetry/span.ts'],
    ...['type:klaviyo', 'type:sources/source.ts', 'type:telemetry/app-events.ts'],
  ],
  'engine/realtime': [
    ...['engine/delivery', 'rules', 'commercetools', 'store/store.ts', 'telemetry/span.ts'],
    ...['type:klaviyo', 'type:sources/source.ts', 'type:telemetry/app-events.ts'],
  ],
  // Runs are stored, leased and executed; how a bulk run reads and sends is handed in as `execute`.
  'engine/runs': ['commercetools/schemas.ts', 'store/store.ts', 'type:rules', 'type:telemetry/app-events.ts'],
  'engine/bulk': [
    ...['engine/runs', 'engine/delivery', 'commercetools', 'telemetry/span.ts'],
    ...['type:klaviyo', 'type:rules'],
  ],
  'engine/carts': [
    ...['engine/runs', 'engine/bulk/result-counts.ts', 'commercetools', 'store/store.ts'],
    ...['type:engine/delivery', 'type:rules', 'type:telemetry/app-events.ts'],
  ],
  'engine/explain': ['engine/delivery', 'rules', 'commercetools', 'type:klaviyo'],
  'engine/find': ['engine/delivery', 'rules', 'commercetools', 'type:klaviyo'],
  'engine/api-findings.ts': ['store/store.ts', 'type:klaviyo'],
  // Verifies what the product assumes of both APIs, with the product's own clients.
  'live-check': ['klaviyo', 'commercetools', 'engine/api-findings.ts'],
  'engine/readiness.ts': ['commercetools', 'type:klaviyo', 'type:sources/source.ts'],
  config: [
    ...['rules', 'extension', 'sources/push/event-grid.ts', 'sources/index.ts'],
    ...['type:commercetools', 'type:klaviyo', 'type:sources', 'type:telemetry'],
  ],
  telemetry: ['telemetry/span.ts', 'type:telemetry', 'type:engine', 'type:klaviyo'],
  http: [
    'engine',
    'sources',
    'commercetools',
    'store/store.ts',
    'dashboard',
    'config',
    'telemetry/span.ts',
    'type:telemetry',
  ],
  dashboard: ['engine', 'live-check', 'store/store.ts', 'type:telemetry', 'type:klaviyo', 'type:config'],
  app: [
    ...['engine', 'sources', 'commercetools', 'klaviyo', 'rules', 'store', 'config', 'telemetry', 'http', 'dashboard'],
    'live-check',
  ],
  cli: ['app', 'engine', 'live-check', 'commercetools', 'klaviyo', 'rules', 'config'],
  'main.ts': ['cli', 'config'],
  // What the package offers to a ctk.config.ts.
  'index.ts': [
    'extension',
    'rules/fields',
    'rules/carts/link-token.ts',
    'type:klaviyo/change.ts',
    'type:commercetools/schemas.ts',
  ],
};

/** The folder that a file belongs to: the longest entry of the table that contains it. */
function folderOf(path: string): string | undefined {
  const containing = Object.keys(allowedImports).filter((folder) => isIn(path, folder));
  return containing.toSorted((left, right) => right.length - left.length)[0];
}

function isIn(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

function isAllowed({ from, to, onlyTypes }: Import): boolean {
  const folder = folderOf(from);
  if (folder === undefined) return false;
  if (isIn(to, 'lib') || folderOf(to) === folder) return true;
  return (allowedImports[folder] ?? []).some((entry) =>
    entry.startsWith('type:') ? onlyTypes && isIn(to, entry.slice('type:'.length)) : isIn(to, entry),
  );
}

/** @returns the files whose text matches */
function filesWith(pattern: RegExp): string[] {
  return files.flatMap(({ path, text }) => (pattern.test(text) ? [path] : [])).sort();
}

describe('imports point one way', () => {
  test('every file belongs to a folder of the layout', () => {
    assert.deepEqual(
      files.flatMap(({ path }) => (folderOf(path) === undefined ? [path] : [])),
      [],
    );
  });

  test('every import is in the table', () => {
    assert.ok(imports.length > 500, 'imports are found');
    const others = imports.filter((statement) => !isAllowed(statement));
    assert.deepEqual(
      others.map(({ from, to, onlyTypes }) => `${from} -> ${to}${onlyTypes ? ' (types)' : ''}`),
      [],
    );
  });

  test('every entry of the table is used', () => {
    const unused = Object.entries(allowedImports).flatMap(([folder, entries]) =>
      entries
        .map((entry) => entry.replace(/^type:/, ''))
        .filter((target) => !imports.some(({ from, to }) => folderOf(from) === folder && isIn(to, target)))
        .map((target) => `${folder} -> ${target}`),
    );
    assert.deepEqual(unused, []);
  });

  test('the table forbids what the design forbids', () => {
    const forbidden: Import[] = [
      { from: 'commercetools/pagination.ts', to: 'klaviyo/change.ts', onlyTypes: true },
      { from: 'klaviyo/sink.ts', to: 'commercetools/schemas.ts', onlyTypes: true },
      { from: 'klaviyo/sink.ts', to: 'rules/types.ts', onlyTypes: true },
      { from: 'rules/orders/placed-order.ts', to: 'klaviyo/sink.ts', onlyTypes: true },
      { from: 'rules/orders/placed-order.ts', to: 'klaviyo/change.ts', onlyTypes: false },
      { from: 'rules/orders/placed-order.ts', to: 'commercetools/client.ts', onlyTypes: false },
      { from: 'rules/orders/placed-order.ts', to: 'telemetry/app-events.ts', onlyTypes: true },
      { from: 'rules/index.ts', to: 'extension/hooks.ts', onlyTypes: true },
      { from: 'sources/http-push.ts', to: 'rules/types.ts', onlyTypes: true },
      { from: 'store/memory.ts', to: 'commercetools/client.ts', onlyTypes: true },
      { from: 'engine/runs/run-worker.ts', to: 'engine/bulk/run-bulk.ts', onlyTypes: true },
      { from: 'engine/bulk/run-bulk.ts', to: 'klaviyo/sink.ts', onlyTypes: false },
      { from: 'engine/bulk/run-bulk.ts', to: 'http/server.ts', onlyTypes: true },
      { from: 'engine/delivery/deliver.ts', to: 'telemetry/metrics.ts', onlyTypes: true },
      { from: 'lib/semaphore.ts', to: 'telemetry/span.ts', onlyTypes: true },
    ];
    for (const statement of forbidden)
      assert.equal(isAllowed(statement), false, `${statement.from} -> ${statement.to}`);
  });

  test('src/ imports nothing from the sandbox, and the sandbox nothing from src/', () => {
    const across = (folder: string, other: string) =>
      sources(folder).flatMap(({ path, text }) =>
        text.includes(`../${other}/`) && importsFolder(text, other) ? [path] : [],
      );
    assert.deepEqual(across('src', 'sandbox'), []);
    assert.deepEqual(across('sandbox', 'src'), []);
  });

  test('rules are pure: no clock, no random number, no log, no network of their own', () => {
    const rules = files.filter(({ path }) => path.startsWith('rules/'));
    const impure =
      /\bDate\.now\(|new Date\(\)|Math\.random|randomUUID|\bfetch\(|\bconsole\.|setTimeout|from '(pino|undici)'/;
    assert.deepEqual(
      rules.flatMap(({ path, text }) => (impure.test(text) ? [path] : [])),
      [],
    );
  });

  test("nothing loads Node's own undici, a second copy of the package's: 3 MB", () => {
    const globals = /\bnew (Headers|Request|Response|FormData|WebSocket)\(/;
    // An import as a module reads each export of node:http, and three of them are undici's.
    const nodeHttp = /^import [^;]*from 'node:http'/m;
    const loads = ({ path, text }: (typeof files)[number]) =>
      !path.startsWith('dashboard/public/') &&
      ((/\bfetch\(/.test(text) && !/\bfetch\b[^;]*from 'undici'/.test(text)) ||
        globals.test(text) ||
        nodeHttp.test(text.replaceAll(/^import type [^;]*;$/gm, '')));
    assert.deepEqual(
      files.flatMap((file) => (loads(file) ? [file.path] : [])),
      [],
    );
  });

  test('only main.ts exits the process', () => {
    assert.deepEqual(filesWith(/process\.exit\(/), ['main.ts']);
  });

  test('only config/ reads the environment', () => {
    assert.deepEqual(filesWith(/process\.env\b/), ['config/process-environment.ts']);
  });
});

describe('every rule', () => {
  const here = fileURLToPath(new URL('../src/rules/', import.meta.url));
  const ruleFiles = globSync('*/*.ts', { cwd: here });
  const declared = files.filter(
    ({ path, text }) => /^rules\/\w+\//.test(path) && /^export const \w+: (Rule<|OrderRule\b)/m.test(text),
  );

  test('has a file of its own name', () => {
    const names = declared.map(({ path }) => basename(path, '.ts'));
    assert.deepEqual(names.toSorted(), builtInRules.map(({ name }) => name).toSorted());
  });

  test('that a file holds is in the list', async () => {
    const listed = new Set<unknown>(builtInRules);
    for (const file of ruleFiles.filter((name) => !name.endsWith('.test.ts'))) {
      const exported: Record<string, unknown> = await import(`../src/rules/${file}`);
      const rules = Object.values(exported).filter(
        (one) => typeof one === 'object' && one !== null && 'triggers' in one,
      );
      for (const rule of rules) assert.ok(listed.has(rule), file);
    }
  });

  test('has a row in docs/mapping.md, and a heading', () => {
    const page = readFileSync(new URL('../docs/mapping.md', import.meta.url), 'utf8');
    for (const { name } of builtInRules) {
      assert.ok(page.includes(`\n| \`${name}\` |`), `a row for ${name}`);
      assert.match(page, new RegExp(`^##.*\`${name}\``, 'm'));
    }
  });

  test('is tested beside it', () => {
    // One file for both: what is true of one state is true of the other.
    const together: Record<string, string> = {
      ...{ 'fulfilled-order': 'state', 'cancelled-order': 'state', 'partial-fulfilment': 'shipment' },
      ...{ 'delivered-shipment': 'shipment', 'paid-order': 'shipment' },
      ...{ 'return-requested': 'shipment', 'return-received': 'shipment' },
    };
    const tests = new Set(ruleFiles.map((file) => basename(file)));
    for (const { name } of builtInRules) assert.ok(tests.has(`${together[name] ?? name}.test.ts`), name);
  });
});

describe('every file', () => {
  test('says in its first line what it is for', () => {
    const silent = files.filter(({ text }) => !/^(#!.*\n)?\/\*\*/.test(text));
    assert.deepEqual(
      silent.map(({ path }) => path),
      [],
    );
  });

  test('has a kebab-case name', () => {
    const others = files.filter(({ path }) => !/^[a-z0-9-]+\.ts$/.test(basename(path)));
    assert.deepEqual(
      others.map(({ path }) => path),
      [],
    );
  });

  test('of more than 500 lines is a reason to look again: this only warns', (context) => {
    for (const { path, text } of files) {
      const lines = text.split('\n').length;
      if (lines > 500) context.diagnostic(`${path} has ${lines} lines`);
    }
  });
});

describe('exported types', () => {
  for (const folder of ['src', 'sandbox'])
    test(`have names of their own within ${folder}/`, () => {
      const declared = sources(folder).flatMap(({ path, text }) =>
        [...text.matchAll(/^export (?:interface|type|class|abstract class) (\w+)/gm)].map(([, name = '']) => ({
          name,
          path,
        })),
      );
      const duplicates = [...Map.groupBy(declared, ({ name }) => name)].filter(([, places]) => places.length > 1);
      assert.deepEqual(
        duplicates.map(([name, places]) => `${name}: ${places.map(({ path }) => path).join(', ')}`),
        [],
      );
    });
});

const root = fileURLToPath(new URL('..', import.meta.url));

describe('documents', () => {
  test('name only files that exist', () => {
    const pages = globSync(['*.md', 'docs/*.md', 'deploy/**/*.md', 'examples/**/*.md'], { cwd: root });
    assert.ok(pages.length > 10);
    const missing = pages.flatMap((page) =>
      [...readFileSync(`${root}${page}`, 'utf8').matchAll(/\b(?:src|test|sandbox|scripts|bench)\/[\w/-]+\.ts\b/g)]
        .filter(([path]) => !existsSync(`${root}${path}`))
        .map(([path]) => `${page}: ${path}`),
    );
    assert.deepEqual(missing, []);
  });

  test('docs/architecture.md names only files of src/', () => {
    const named = [...readFileSync(`${root}docs/architecture.md`, 'utf8').matchAll(/`([\w/-]+\.ts)`/g)];
    assert.ok(named.length > 50);
    const missing = named.flatMap(([, name = '']) =>
      files.some(({ path }) => path === name || path.endsWith(`/${name}`)) ? [] : [name],
    );
    assert.deepEqual(missing, []);
  });
});

test('npm test, test:browser and test:deploy together run each test file once', () => {
  const ignored = ['**/node_modules/**'];
  const patterns = globSync('test/suites/**/*.ts', { cwd: root }).flatMap((suite) =>
    [...readFileSync(`${root}${suite}`, 'utf8').matchAll(/'([^']+\.test\.ts)'/g)].map(([, pattern = '']) => pattern),
  );
  const run = patterns.flatMap((pattern) => globSync(pattern, { cwd: root, exclude: ignored }));
  assert.deepEqual(run.toSorted(), globSync('**/*.test.ts', { cwd: root, exclude: ignored }).toSorted());
});

test('docs/dependencies.md gives the reason of each dependency', () => {
  const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
  const { dependencies } = z
    .object({ dependencies: z.record(z.string(), z.string()) })
    .parse(JSON.parse(read('package.json')));
  const listed = [...read('docs/dependencies.md').matchAll(/^\| `([^`]+)` \| .+ \| .+ \|$/gm)].map(([, name]) => name);
  assert.deepEqual(listed, Object.keys(dependencies).toSorted());
});

describe('docs/glossary.md', () => {
  const glossary = readFileSync(new URL('../docs/glossary.md', import.meta.url), 'utf8');
  const terms = [...glossary.matchAll(/^- \*\*([^*]+)\*\*: .+\.$/gm)].map(([, term = '']) => term);

  test('defines each term once, in one sentence, sorted', () => {
    const entries = glossary.split('\n').filter((line) => line.startsWith('- '));
    assert.equal(terms.length, entries.length);
    assert.deepEqual(
      terms,
      [...new Set(terms)].toSorted((left, right) => left.localeCompare(right, 'en')),
    );
  });

  test('defines only terms that the code uses', () => {
    const code = files.map(({ text }) => text.toLowerCase().replace(/[-_\s]+/g, '')).join('\n');
    const unused = terms.filter((term) => !code.includes(term.toLowerCase().replace(/[-_\s]+/g, '')));
    assert.deepEqual(unused, []);
  });
});
