/** Mistakes in the configuration, and what is in force, as the command line shows them. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parseEnv } from 'node:util';
import { z } from 'zod';
import { variables } from '../../src/config/env/environment.ts';
import { environment, folder } from '../fixtures/environment.ts';
import { type Env, startProgram } from '../program.ts';
import { ctkInProcess as ctk } from './in-process.ts';

const needsConfiguration = [
  ['serve'],
  ['sync', 'orders'],
  ['check'],
  ['config'],
  ['subscriptions', 'plan', '--pubsub', 'projects/p/topics/t'],
  ['subscriptions', 'apply', '--pubsub', 'projects/p/topics/t'],
  ['subscriptions', 'remove'],
];

for (const args of needsConfiguration) {
  test(`ctk ${args.join(' ')} without any variable: all that is missing at once, exit code 1`, async () => {
    const { code, out, err } = await ctk(args);
    assert.deepEqual([code, out], [1, '']);
    for (const name of ['KLAVIYO_AUTH_KEY', 'CT_PROJECT_ID', 'CT_API_CLIENT', 'CT_API_URL', 'CT_AUTH_URL'])
      assert.match(err, new RegExp(`^  - ${name} is missing — .+`, 'm'));
    assert.match(err, /invalid configuration: 5 errors/);
    assert.match(err, /docs\/configuration\.md/);
  });
}

test('errors in variables and in the settings file are reported together, each with the fix', async (context) => {
  const settings = {
    order: { metrics: { placedOrdr: 'x' } },
    klaviyo: { rateLimitShare: 'half' },
    disabledEvents: ['OrderBorn'],
  };
  const path = folder(context, { 'settings.json': settings });
  const { code, err } = await ctk(
    ['serve'],
    environment({
      CT_API_CLIENT: 'not json',
      CT_API_URL: 'nowhere',
      PORT: 'eighty',
      APP_TYPE: 'BOTH',
      CTK_SETTINGS: `${path}/settings.json`,
    }),
  );
  assert.equal(code, 1);
  for (const said of [
    /CT_API_CLIENT.*JSON/,
    /CT_API_URL/,
    /PORT/,
    /APP_TYPE.*EVENT/,
    /order\.metrics\.placedOrdr.*placedOrder/,
    /klaviyo\.rateLimitShare/,
    /disabledEvents.*OrderBorn|OrderBorn.*disabledEvents/,
  ])
    assert.match(err, said);
});

test('a settings file that is missing or invalid JSON is reported by its name', async (context) => {
  const path = folder(context, { 'broken.json': '{"order": ' });
  for (const name of ['missing.json', 'broken.json']) {
    const { code, err } = await ctk(['config'], environment({ CTK_SETTINGS: `${path}/${name}` }));
    assert.equal(code, 1);
    assert.match(err, new RegExp(name));
  }
});

test('ctk config prints variables and settings that are in force, with secrets as ***', async () => {
  const { code, out, err } = await ctk(
    ['config'],
    environment({ API_TOKEN: 'a-token-of-my-own', NODE_CONFIG: '{"order":{"metrics":{"placedOrder":"Bought"}}}' }),
  );
  assert.deepEqual([code, err], [0, '']);
  assert.doesNotMatch(out, /a-token-of-my-own/);
  assert.match(out, /"\*\*\*"/);
  assert.match(out, /https:\/\/api\.example/);
  assert.match(out, /"placedOrder": "Bought"/);
  z.record(z.string(), z.unknown()).parse(JSON.parse(out));
});

test('variables are read from .env in the working directory, which is said once; --env names another file', async (context) => {
  const cwd = folder(context, { '.env': envFile(environment()), other: envFile(environment({ PORT: '4321' })) });
  const inFolder = (args: readonly string[]) =>
    startProgram('env', ['-C', cwd, process.execPath, ctkLauncher, ...args], { NODE_CONFIG_DIR: '/nowhere' }).ended;
  const { code, out, err } = await inFolder(['config']);
  assert.deepEqual([code, err], [0, 'variables read from .env\n']);
  assert.equal(environmentOf(out).CT_PROJECT_ID, environment().CT_PROJECT_ID);
  const other = await inFolder(['--env', 'other', 'config']);
  assert.deepEqual([other.code, other.err], [0, '']);
  assert.equal(environmentOf(other.out).PORT, '4321');
});

test('.env.example names every required variable, and no unknown one', () => {
  const names = Object.keys(parseEnv(readFileSync(new URL('../../.env.example', import.meta.url), 'utf8')));
  const known = variables.map(({ name }) => name);
  assert.deepEqual(
    names.filter((name) => !known.includes(name)),
    [],
  );
  for (const name of ['KLAVIYO_AUTH_KEY', 'CT_PROJECT_ID', 'CT_API_CLIENT', 'CT_API_URL', 'CT_AUTH_URL'])
    assert.ok(names.includes(name), name);
});

const ctkLauncher = fileURLToPath(new URL('../../bin/ctk.js', import.meta.url));
const envFile = (values: Env) =>
  Object.entries(values)
    .map(([name, value]) => `${name}='${value}'\n`)
    .join('');
const shown = z.object({ environment: z.record(z.string(), z.unknown()) });
const environmentOf = (out: string) => shown.parse(JSON.parse(out)).environment;
