/** The house test: imports point one way, every rule is listed, documented and tested, files say what they are for. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path/posix';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { builtInRules } from '../src/rules/index.ts';
import { type Import, importsOf, sources } from './imports.ts';

const files = sources();
const imports = files.flatMap(importsOf);
const parts = ['activity.ts', 'config', 'rules', 'engine', 'commercetools', 'klaviyo', 'sources', 'store'];

/**
 * What a part may import beside itself: folders or files of src/; after `type:` their types only. A folder that is not
 * here may not be there. Files may come and go without a word here, as long as they keep to it.
 */
const table: Record<string, readonly string[]> = {
  // The mapping is pure: of what it reads it knows the shapes, of what it writes the changes.
  rules: ['commercetools/types.ts', 'type:commercetools', 'type:klaviyo/change.ts'],
  // The two sides know neither each other nor what is made of them.
  commercetools: ['type:store/custom-objects.ts', 'type:activity.ts', 'telemetry/request.ts'],
  klaviyo: ['type:activity.ts', 'telemetry/request.ts', 'telemetry/span.ts'],
  // How messages arrive, what is remembered: not what they mean. Custom objects are commercetools'.
  sources: ['type:engine/verdict.ts', 'type:activity.ts', 'type:config', 'telemetry/span.ts'],
  store: ['commercetools/client.ts', 'commercetools/errors.ts', 'type:activity.ts'],
  // Joins both sides: reads through commercetools/, writes through the sink that it is handed.
  engine: [
    'rules/cause.ts',
    'rules/rule.ts',
    'store/store.ts',
    'commercetools',
    'telemetry/span.ts',
    ...['rules', 'klaviyo', 'sources', 'store', 'activity.ts'].map(typeOf),
  ],
  'activity.ts': ['type:klaviyo/change.ts', 'type:rules/rule.ts', 'type:engine'],
  // Reads a merchant's file, once; what it holds is put into the list of rules.
  extension: ['rules'],
  config: [
    'rules/settings.ts',
    'rules/index.ts',
    'extension/load.ts',
    'sources/push/event-grid.ts',
    ...['commercetools', 'klaviyo', 'rules', 'sources', 'telemetry'].map(typeOf),
  ],
  // What is counted and traced; only spans are made by the parts themselves.
  telemetry: ['activity.ts', 'engine', 'klaviyo', 'sources', 'config', 'commercetools', 'rules'].map(typeOf),
  // Faces: nobody but the wiring and the command line knows them.
  server: [...parts, 'telemetry/span.ts', 'type:telemetry', 'dashboard'],
  dashboard: parts,
  // One command serves Connect's job.
  cli: [...parts, 'app.ts', 'server/job-server.ts'],
  'app.ts': [...parts, 'telemetry', 'server', 'dashboard'],
  'main.ts': [...parts, 'cli'],
  // What the package offers to a merchant's file.
  'index.ts': ['extension/define.ts', 'rules', 'type:klaviyo/change.ts', 'type:commercetools/types.ts'],
  // The fakes know nothing of the product; who starts them and shows what happens prints as the command line does.
  'sandbox/klaviyo': ['sandbox/faults.ts'],
  'sandbox/commercetools': ['sandbox/faults.ts'],
  'sandbox/shop': ['type:sandbox/commercetools'],
  'sandbox/faults.ts': [],
  sandbox: ['sandbox', 'cli/progress.ts', 'cli/sandbox-options.ts', 'cli/terminal.ts', 'engine/run.ts'],
};

function typeOf(part: string): string {
  return `type:${part}`;
}

/** The part that a file belongs to: the longest entry of the table that holds it. */
function partOf(path: string): string | undefined {
  const holding = Object.keys(table).filter((part) => isIn(path, part));
  return holding.toSorted((one, other) => other.length - one.length)[0];
}

function isIn(path: string, part: string): boolean {
  return path === part || path.startsWith(`${part}/`);
}

function isAllowed({ from, to, onlyTypes }: Import): boolean {
  const part = partOf(from);
  if (part === undefined) return false;
  if (isIn(to, part) && partOf(to) === part) return true;
  return (table[part] ?? []).some((entry) =>
    entry.startsWith('type:') ? onlyTypes && isIn(to, entry.slice('type:'.length)) : isIn(to, entry),
  );
}

/** Where a text stands, as file names. */
function filesWith(pattern: RegExp): string[] {
  return files.flatMap(({ path, text }) => (pattern.test(text) ? [path] : [])).sort();
}

describe('imports point one way', () => {
  test('every file belongs to a part of the layout', () => {
    assert.deepEqual(
      files.flatMap(({ path }) => (partOf(path) === undefined ? [path] : [])),
      [],
    );
  });

  test('no import leaves the table', () => {
    assert.ok(imports.length > 100, 'imports are found');
    const leaving = imports.filter((one) => !isAllowed(one));
    assert.deepEqual(
      leaving.map(({ from, to, onlyTypes }) => `${from} -> ${to}${onlyTypes ? ' (types)' : ''}`),
      [],
    );
  });

  test('the table forbids what the design forbids', () => {
    const forbidden: Import[] = [
      { from: 'commercetools/reader.ts', to: 'klaviyo/change.ts', onlyTypes: true },
      { from: 'klaviyo/sink.ts', to: 'commercetools/types.ts', onlyTypes: true },
      { from: 'klaviyo/sink.ts', to: 'rules/rule.ts', onlyTypes: true },
      { from: 'rules/orders/event.ts', to: 'klaviyo/sink.ts', onlyTypes: true },
      { from: 'rules/orders/event.ts', to: 'klaviyo/change.ts', onlyTypes: false },
      { from: 'rules/orders/event.ts', to: 'commercetools/client.ts', onlyTypes: false },
      { from: 'rules/orders/event.ts', to: 'activity.ts', onlyTypes: true },
      { from: 'sources/http-push.ts', to: 'rules/rule.ts', onlyTypes: true },
      { from: 'store/memory.ts', to: 'rules/rule.ts', onlyTypes: true },
      { from: 'engine/bulk.ts', to: 'server/server.ts', onlyTypes: true },
      { from: 'engine/bulk.ts', to: 'klaviyo/sink.ts', onlyTypes: false },
      { from: 'app.ts', to: 'sandbox/processes.ts', onlyTypes: true },
      { from: 'cli/sandbox-command.ts', to: 'sandbox/main.ts', onlyTypes: false },
      { from: 'engine/deliver.ts', to: 'telemetry/metrics.ts', onlyTypes: true },
      { from: 'sandbox/klaviyo/api.ts', to: 'klaviyo/endpoints.ts', onlyTypes: false },
      { from: 'sandbox/shop/compare.ts', to: 'rules/fields/money.ts', onlyTypes: false },
    ];
    for (const one of forbidden) assert.equal(isAllowed(one), false, `${one.from} -> ${one.to}`);
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

  test('only main.ts exits the process', () => {
    assert.deepEqual(filesWith(/process\.exit\(/), ['main.ts']);
  });

  test('only config/ reads the environment, and the sandbox for its own processes', () => {
    assert.deepEqual(filesWith(/process\.env\b/), [
      'config/config.ts',
      'sandbox/klaviyo/sandbox.ts',
      'sandbox/processes.ts',
    ]);
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
    const together: Record<string, string> = { 'fulfilled-order': 'state', 'cancelled-order': 'state' };
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

  test('is one thing, of at most 300 lines', () => {
    const long = files.filter(({ text }) => text.split('\n').length > 300);
    assert.deepEqual(
      long.map(({ path }) => path),
      [],
    );
  });

  test('has a name in kebab-case that says what it makes true', () => {
    const empty = /\b(default|impl|manager|service|helpers?|utils?|common)\b/;
    const odd = files.filter(({ path }) => empty.test(basename(path)) || !/^[a-z0-9-]+\.ts$/.test(basename(path)));
    assert.deepEqual(
      odd.map(({ path }) => path),
      [],
    );
  });
});
