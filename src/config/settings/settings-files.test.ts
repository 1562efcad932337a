/** Tests where settings are read from, which source wins, and the messages for invalid settings. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Env, folder } from '../../../test/fixtures/environment.ts';
import { readSettings } from './settings-files.ts';

const read = (env: Env) => readSettings({ NODE_CONFIG_DIR: '/nowhere', ...env });

/** Reads a file as CTK_SETTINGS. */
function ownFile(context: TestContext, content: unknown, name = 'ctk.yaml') {
  const file = join(folder(context, { [name]: content }), name);
  const { problems, ...rest } = read({ CTK_SETTINGS: file });
  return { ...rest, problems: problems.map((problem) => problem.replace(file, name)) };
}

const metric = (placedOrder: string) => ({ order: { metrics: { placedOrder } } });

test('later sources win: default.json, <NODE_ENV>.json, local.json, NODE_CONFIG, CTK_SETTINGS', (context) => {
  const dir = folder(context, {
    'default.json': metric('default'),
    'staging.json': metric('staging'),
    'local.json': metric('local'),
    'ctk.yaml': 'order:\n  metrics:\n    placedOrder: own\n',
  });
  const env: Env = { NODE_CONFIG_DIR: dir };
  const name = () => readSettings(env).settings.order.metrics.placedOrder;
  env.NODE_ENV = 'production';
  env.NODE_CONFIG_DIR = folder(context, { 'default.json': metric('default') });
  assert.equal(name(), 'default');
  env.NODE_CONFIG_DIR = folder(context, { 'default.json': metric('default'), 'production.json': metric('production') });
  assert.equal(name(), 'production');
  env.NODE_CONFIG_DIR = dir;
  assert.equal(name(), 'local');
  env.NODE_CONFIG = JSON.stringify(metric('inline'));
  assert.equal(name(), 'inline');
  env.CTK_SETTINGS = join(dir, 'ctk.yaml');
  assert.equal(name(), 'own');
  assert.deepEqual(readSettings({ ...env, NODE_ENV: 'staging' }).sources, [
    ...['default.json', 'staging.json', 'local.json'].map((file) => join(dir, file)),
    'NODE_CONFIG',
    join(dir, 'ctk.yaml'),
  ]);
});

test('objects are merged, lists replaced', (context) => {
  const dir = folder(context, {
    'default.json': {
      order: { states: { changed: { cancelledOrder: ['Cancelled', 'Returned'] } }, metrics: { placedOrder: 'Bought' } },
    },
  });
  const { settings } = readSettings({
    NODE_CONFIG_DIR: dir,
    NODE_CONFIG: '{"order":{"states":{"changed":{"cancelledOrder":["Gone"]}}}}',
  });
  assert.deepEqual(settings.order.states.changed.cancelledOrder, ['Gone']);
  assert.equal(settings.order.metrics.placedOrder, 'Bought');
  assert.equal(settings.order.metrics.refundedOrder, 'Refunded Order');
});

test('JSON may be indented by tabs; YAML is read too; a key without a value is ignored', (context) => {
  assert.equal(
    read({ NODE_CONFIG: '{\n\t"klaviyo":\t{\n\t\t"rateLimitShare": 0.5\n\t}\n}' }).settings.klaviyo.rateLimitShare,
    0.5,
  );
  const { settings, problems } = ownFile(context, 'klaviyo:\n  # rateLimitShare: 0.5\nrealtime:\n  maxAttempts: 3\n');
  assert.deepEqual(problems, []);
  assert.deepEqual([settings.klaviyo.rateLimitShare, settings.realtime.maxAttempts], [0.95, 3]);
  assert.deepEqual(ownFile(context, '').problems, []);
});

test('an unknown key in CTK_SETTINGS is an error that suggests the nearest known one', (context) => {
  const problemsOf = (content: unknown) => ownFile(context, content).problems;
  assert.deepEqual(problemsOf({ order: { metric: {} } }), [
    'ctk.yaml: there is no setting order.metric; did you mean order.metrics?',
  ]);
  assert.deepEqual(problemsOf({ orders: {} }), ['ctk.yaml: there is no setting orders; did you mean order?']);
  assert.deepEqual(problemsOf({ useChannelInventory: 'x' }), [
    'ctk.yaml: there is no setting useChannelInventory; did you mean product.inventory.useChannelInventory?',
  ]);
  assert.equal(problemsOf({ order: { a: 1, b: 2 }, klaviyo: { c: 3 } }).length, 3);
});

test("an unknown key in the plugin's sources is a warning, and known keys beside it count", (context) => {
  const dir = folder(context, { 'default.json': { 'order.states': 1, order: { old: 1, ...metric('Bought').order } } });
  const { settings, problems, warnings } = readSettings({ NODE_CONFIG_DIR: dir, NODE_CONFIG: '{"legacy":true}' });
  assert.deepEqual(problems, []);
  assert.equal(settings.order.metrics.placedOrder, 'Bought');
  assert.deepEqual(settings.order.states.created.placedOrder, ['Open']);
  assert.equal(warnings.length, 3);
  assert.match(warnings.join(), /NODE_CONFIG: there is no setting legacy; .* It is ignored\./);
});

test('the message for a wrong type names the source, the setting, the expected and the actual type', (context) => {
  const cases: [unknown, string][] = [
    [{ disabledEvents: 'OrderCreated' }, 'disabledEvents must be a list, not a text'],
    [{ disabledEvents: [1] }, 'disabledEvents[0] must be a text, not a number'],
    [{ order: 'all' }, 'order must be an object, not a text'],
    [{ order: { properties: { map: ['a'] } } }, 'order.properties.map must be an object, not a list'],
    [{ order: { valueCurrency: 'no' } }, 'order.valueCurrency must be true or false, not a text'],
    [{ order: { profileLocation: 'often' } }, 'order.profileLocation must be one of always, created, never'],
    [{ product: { inventory: { policy: 3 } } }, 'product.inventory.policy must be one of 0, 1, 2'],
    [{ klaviyo: { rateLimitShare: 2 } }, 'klaviyo.rateLimitShare must be at most 1'],
    [{ klaviyo: { realtimeReserve: 1 } }, 'klaviyo.realtimeReserve must be less than 1'],
    [{ klaviyo: { rateLimitShare: 0 } }, 'klaviyo.rateLimitShare must be more than 0'],
    [{ realtime: { maxAttempts: 1.5 } }, 'realtime.maxAttempts must be a whole number, not a fraction'],
  ];
  for (const [content, problem] of cases)
    assert.deepEqual(ownFile(context, content).problems, [`ctk.yaml: ${problem}`]);
});

test('content that is no object of settings is an error, whose message does not quote it', (context) => {
  assert.match(read({ NODE_CONFIG: '["a"]' }).problems.join(), /^NODE_CONFIG: must hold an object of settings/);
  const { problems } = ownFile(context, 'klaviyo:\n  key: *hidden\n  - pk_hidden: {');
  assert.match(problems.join(), /^ctk\.yaml: neither JSON nor YAML/);
  assert.doesNotMatch(problems.join(), /hidden/);
  assert.match(read({ NODE_CONFIG: '{"order": ' }).problems.join(), /NODE_CONFIG: neither JSON nor YAML: see line 1/);
});

test('a folder instead of a file is an error', (context) => {
  const dir = folder(context, {});
  assert.deepEqual(read({ CTK_SETTINGS: dir }).problems, [
    `${dir}: can't be read (EISDIR); it must be a file that this process may read`,
  ]);
});

test('spaces around the names of disabledEvents are ignored', () => {
  const { settings } = read({ NODE_CONFIG: '{"disabledEvents":[" OrderCreated ","CustomerCompanyNameSet"]}' });
  assert.deepEqual(settings.disabledEvents, ['OrderCreated', 'CustomerCompanyNameSet']);
});

test("an unknown event is an error in CTK_SETTINGS and a warning in the plugin's sources", (context) => {
  const content = { disabledEvents: ['OrderPlaced', 'OrderRefunded'] };
  assert.deepEqual(ownFile(context, content).problems, [
    'ctk.yaml: disabledEvents has no event OrderPlaced; did you mean OrderPaid?',
  ]);
  const { settings, problems, warnings } = read({ NODE_CONFIG: JSON.stringify(content) });
  assert.deepEqual([problems, settings.disabledEvents], [[], ['OrderRefunded']]);
  assert.match(warnings.join(), /NODE_CONFIG: disabledEvents has no event OrderPlaced; .* It is ignored\./);
});
