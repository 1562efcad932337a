/** `ctk sandbox`: the same as `npm run sandbox`, and nothing that the service loads. */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { folder } from '../fixtures/environment.ts';
import { startProgram } from '../program.ts';
import { assertPresentable, start } from './ctk.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const small = ['--customers', '1', '--orders', '1', '--products', '1', '--limits', 'none', '--pause', '10'];

test('starts both APIs and the service, prints the URLs and ends on SIGTERM', async () => {
  const running = start(['sandbox', ...small]);
  await running.printed(/^URLs\n {2}dashboard +http:\/\/127\.0\.0\.1/);
  running.signal('SIGTERM');
  const { err } = await running.ended;
  assert.doesNotMatch(err, /^\s+at .*:\d+/m);
});

test('where only what production needs is installed, it says what is missing', async (context) => {
  const target = folder(context, {});
  cpSync(`${root}src`, `${target}/src`, { recursive: true });
  cpSync(`${root}package.json`, `${target}/package.json`);
  const listed = z.object({ dependencies: z.record(z.string(), z.string()) });
  const { dependencies } = listed.parse(JSON.parse(readFileSync(`${root}package.json`, 'utf8')));
  for (const name of Object.keys(dependencies)) {
    mkdirSync(dirname(`${target}/node_modules/${name}`), { recursive: true });
    symlinkSync(`${root}node_modules/${name}`, `${target}/node_modules/${name}`);
  }
  const ended = await startProgram(process.execPath, [`${target}/src/main.ts`, 'sandbox']).ended;
  assertPresentable(ended);
  assert.deepEqual([ended.code, ended.out], [1, '']);
  assert.match(ended.err, /needs the dev dependencies\nclone the repository, then: npm ci && npm run sandbox/);
});

test('an invalid option is rejected before anything starts', async () => {
  const ended = await start(['sandbox', '--orders', 'many']).ended;
  assert.equal(ended.code, 1);
  assert.match(ended.err, /--orders <n>.*Expected a non-negative integer/s);
});

test('ctk --sandbox talks to the sandbox of the folder, whatever variables are set', async (context) => {
  const cwd = folder(context, {});
  const inFolder = (args: readonly string[], env: Record<string, string> = {}) =>
    startProgram('env', ['-C', cwd, process.execPath, launcher, ...args], { NODE_CONFIG_DIR: '/nowhere', ...env });
  const without = await inFolder(['--sandbox', 'config']).ended;
  assert.equal(without.code, 1);
  assert.match(without.err, /no sandbox runs here.*npm run sandbox/);
  const running = inFolder(['sandbox', ...small]);
  await running.printed(/^URLs/);
  const { code, out } = await inFolder(['--sandbox', 'config'], { KLAVIYO_API_URL: 'https://real.example' }).ended;
  assert.equal(code, 0);
  assert.doesNotMatch(out, /real\.example/);
  const faults = await inFolder(['sandbox', 'fault', 'klaviyo-down']).ended;
  assert.match(faults.out, /^on +klaviyo-down/m);
  running.signal('SIGTERM');
  await running.ended;
  assert.equal((await inFolder(['--sandbox', 'config']).ended).code, 1, 'the file is removed when the sandbox ends');
});

const launcher = `${root}bin/ctk.js`;
