import assert from 'node:assert/strict';
import { existsSync, globSync } from 'node:fs';
import { basename } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { allRules } from './index.ts';
import { defaultSettings, disabledEventNames, ruleSettingsSchema } from './settings.ts';

const here = fileURLToPath(new URL('.', import.meta.url));
const files = globSync('{customers,orders,catalog}/*.ts', { cwd: here });

test('every rule has its own name and its own file', () => {
  const names = allRules.map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
  for (const name of names)
    assert.ok(
      files.some((file) => basename(file) === `${name}.ts`),
      name,
    );
});

test('every file that holds a rule is listed', async () => {
  const listed = new Set<unknown>(allRules);
  for (const file of files.filter((name) => !name.endsWith('.test.ts'))) {
    const exported: Record<string, unknown> = await import(`./${file}`);
    const rules = Object.values(exported).filter((one) => typeof one === 'object' && one !== null && 'wakes' in one);
    for (const rule of rules) assert.ok(listed.has(rule), file);
  }
});

test('every rule is tested beside it', () => {
  const tested: Record<string, string> = { 'fulfilled-order': 'state', 'cancelled-order': 'state' };
  for (const { name } of allRules) {
    const file = files.find((one) => basename(one) === `${tested[name] ?? name}.test.ts`);
    assert.ok(file !== undefined && existsSync(`${here}${file}`), name);
  }
});

test('every setting that a rule names exists', () => {
  for (const rule of allRules) for (const path of rule.settings) assert.ok(isSetting(path), `${rule.name}: ${path}`);
});

test('every name that a merchant may disable silences something, but for the one that never did', () => {
  const wakes = allRules.flatMap((rule) => rule.wakes(defaultSettings()));
  const silenced = new Set<string>(wakes.map(({ unless }) => unless));
  assert.deepEqual(
    disabledEventNames.filter((name) => !silenced.has(name)),
    ['CustomerCompanyNameSet'],
  );
});

test('a message type that a merchant names twice wakes a rule once', () => {
  const twice = ruleSettingsSchema.parse({ order: { messages: { created: ['OrderCreated', 'OrderCreated'] } } });
  const wakes = allRules.find(({ name }) => name === 'placed-order')?.wakes({ ...defaultSettings(), ...twice });
  assert.equal(wakes?.length, 1);
});

test('a merchant who names no payment messages wants no refunds in realtime', () => {
  const none = { messages: { transactionAdded: [], transactionChanged: [] } };
  const set = { ...defaultSettings(), ...ruleSettingsSchema.parse({ payment: none }) };
  assert.deepEqual(allRules.find(({ name }) => name === 'refunded-order')?.wakes(set), []);
});

const described = z.toJSONSchema(ruleSettingsSchema, { io: 'input' });

function isSetting(path: string): boolean {
  let at: z.core.JSONSchema._JSONSchema | undefined = described;
  for (const part of path.split('.')) at = typeof at === 'object' ? at.properties?.[part] : undefined;
  return at !== undefined;
}
