import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { allRules } from './index.ts';
import { defaultSettings, disabledEventNames, ruleSettingsSchema } from './settings.ts';

test('every rule has its own name', () => {
  const names = allRules.map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
});

test('every setting that a rule names exists', () => {
  for (const rule of allRules) for (const path of rule.settings) assert.ok(isSetting(path), `${rule.name}: ${path}`);
});

test('every name that a merchant may disable silences something, but for the one that never did', () => {
  const wakes = allRules.flatMap((rule) => rule.wakes(defaultSettings()));
  const silenced = new Set<string>(wakes.flatMap(({ unless }) => unless ?? []));
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
