import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { builtInRules } from './index.ts';
import { defaultSettings, disabledEventNames, ruleSettingsSchema } from './settings.ts';

test('every rule has its own name', () => {
  const names = builtInRules.map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
});

test('every setting that a rule names exists', () => {
  for (const rule of builtInRules)
    for (const path of rule.settings) assert.ok(isSetting(path), `${rule.name}: ${path}`);
});

test('every disabled event switches off a trigger, except for one that is kept for compatibility', () => {
  const triggers = builtInRules.flatMap((rule) => rule.triggers(defaultSettings()));
  const silenced = new Set<string>(triggers.flatMap(({ disabledBy }) => disabledBy ?? []));
  assert.deepEqual(
    disabledEventNames.filter((name) => !silenced.has(name)),
    ['CustomerCompanyNameSet'],
  );
});

test('a message type that is configured twice gives one trigger', () => {
  const twice = ruleSettingsSchema.parse({ order: { messages: { created: ['OrderCreated', 'OrderCreated'] } } });
  const triggers = builtInRules
    .find(({ name }) => name === 'placed-order')
    ?.triggers({ ...defaultSettings(), ...twice });
  const created = triggers?.filter((trigger) => 'messageType' in trigger && trigger.messageType === 'OrderCreated');
  assert.equal(created?.length, 1);
});

test('without configured payment messages refunds have no triggers', () => {
  const none = { messages: { transactionAdded: [], transactionChanged: [] } };
  const set = { ...defaultSettings(), ...ruleSettingsSchema.parse({ payment: none }) };
  assert.deepEqual(builtInRules.find(({ name }) => name === 'refunded-order')?.triggers(set), []);
});

const described = z.toJSONSchema(ruleSettingsSchema, { io: 'input' });

function isSetting(path: string): boolean {
  let at: z.core.JSONSchema._JSONSchema | undefined = described;
  for (const part of path.split('.')) at = typeof at === 'object' ? at.properties?.[part] : undefined;
  return at !== undefined;
}
