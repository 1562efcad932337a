/** `ctk init`: from two keys and a project to a file that works. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { after, before, describe, type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parseEnv } from 'node:util';

import { type KlaviyoSandbox, startKlaviyoSandbox } from '../../sandbox/klaviyo/sandbox.ts';
import { readConfig } from '../../src/config/config.ts';
import { folder } from '../fixtures/environment.ts';
import { writeAsOther } from '../other-app.ts';
import { startTestEnv, type TestEnv } from '../test-env.ts';
import { ctk as ctkProcess } from './ctk.ts';
import { ctkInProcess as ctk } from './in-process.ts';

const topic = 'projects/cloud/topics/commercetools';
const pubsub = ['--pubsub', topic];
let testEnv: TestEnv;
before(async () => {
  testEnv = await startTestEnv();
  testEnv.shop.pubsub.bind(topic, { pushEndpoint: `${testEnv.service}/` });
});
after(() => testEnv.stop());

/** Only the sandbox' addresses, which a merchant's --region stands for. */
const places = () => ({
  KLAVIYO_API_URL: testEnv.klaviyo.url,
  CT_API_URL: testEnv.shop.url,
  CT_AUTH_URL: testEnv.shop.authUrl,
});
const secrets = { KLAVIYO_AUTH_KEY: 'pk_sandbox', CTP_CLIENT_SECRET: 'sandbox-secret' };
const named = ['--project', 'shop', '--client-id', 'sandbox-client'];
const fileIn = (context: TestContext) => `${folder(context, {})}/shop.env`;
const subscribed = async () =>
  (await ctk(['check'], testEnv.env)).out.includes('subscription ctk-default-order: Healthy');

test('tries both keys, writes a file for its owner only, makes the subscriptions with --yes; then check and serve take it', async (context) => {
  const file = fileIn(context);
  const more = ['--currency', 'EUR', '--product-url', 'https://shop.example/p/{{productSlug}}'];
  const { code, out, err } = await ctk(['init', ...named, ...more, '--file', file, ...pubsub, '--yes'], {
    ...places(),
    ...secrets,
  });
  assert.deepEqual([code, err], [0, '']);
  assert.match(out, /^ok +commercetools client: project shop/m);
  assert.match(out, /^ok +Klaviyo scope events:write/m);
  assert.match(out, /^\+ create ctk-default-order/m);
  assert.match(out, /^\+ created ctk-default-order/m);
  assert.match(out, /each metric \(Placed Order, …\) is created by its first event/);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  const text = readFileSync(file, 'utf8');
  for (const line of ['KLAVIYO_AUTH_KEY=pk_sandbox', 'CT_PROJECT_ID=shop', 'CTP_CLIENT_SECRET=sandbox-secret'])
    assert.ok(text.includes(`\n${line}\n`), line);
  assert.match(text, /^API_TOKEN=[-\w]{32}$/m);
  const checked = await ctkProcess(['--env', file, 'check']);
  assert.equal(checked.code, 0, checked.out);
  assert.match(checked.out, /^ok +subscription ctk-default-order: Healthy/m);
  await ctkProcess(['--env', file, 'subscriptions', 'remove']);
});

test('without --yes and without a terminal the subscriptions are shown but not created', async (context) => {
  const { code, out } = await ctk(['init', ...named, '--file', fileIn(context), ...pubsub], {
    ...places(),
    ...secrets,
  });
  assert.equal(code, 0);
  assert.match(out, /^\+ create ctk-default-order/m);
  assert.match(out, /left for later: say --yes, or ctk subscriptions apply/);
  assert.equal(await subscribed(), false);
});

test('a new account gets readable custom fields, names and details; nothing changes where Placed Order exists already', async (context) => {
  const valuesIn = async (klaviyo: KlaviyoSandbox) => {
    const file = fileIn(context);
    const env = { ...places(), ...secrets, KLAVIYO_API_URL: klaviyo.url, NODE_CONFIG_DIR: '' };
    const { code, out } = await ctk(['init', ...named, '--file', file], env);
    assert.equal(code, 0, out);
    const { rules } = readConfig(parseEnv(readFileSync(file, 'utf8')));
    const { customer, order } = rules;
    return [
      ...[customer.customFields.values, order.customFields.values],
      ...[customer.fields.stores, order.properties.details],
    ];
  };
  const klaviyo = await startKlaviyoSandbox({ limits: 'none' });
  context.after(() => klaviyo.stop());
  assert.deepEqual(await valuesIn(klaviyo), ['readable', 'readable', 'Stores', true]);
  const metric = { data: { type: 'metric', attributes: { name: 'Placed Order' } } };
  const profile = { data: { type: 'profile', attributes: { email: 'mia@example.com' } } };
  const event = { type: 'event', attributes: { metric, profile, properties: {}, unique_id: 'order-1' } };
  assert.equal((await writeAsOther(klaviyo.url, '/api/events', event)).status, 202);
  assert.deepEqual(await valuesIn(klaviyo), ['raw', 'raw', null, false]);
});

test('a file that is there is replaced only with --overwrite, and is then for its owner only', async (context) => {
  const file = fileIn(context);
  writeFileSync(file, 'MINE=1\n', { mode: 0o644 });
  const env = { ...places(), ...secrets };
  const refused = await ctk(['init', ...named, '--file', file, '--yes'], env);
  assert.deepEqual([refused.code, refused.out], [1, '']);
  assert.match(refused.err, /already exists: name another --file, or pass --overwrite/);
  assert.equal(readFileSync(file, 'utf8'), 'MINE=1\n');
  const replaced = await ctk(['init', ...named, '--file', file, '--overwrite'], env);
  assert.equal(replaced.code, 0);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.doesNotMatch(readFileSync(file, 'utf8'), /MINE/);
});

test('what is missing is listed at once, with the option or the variable; a secret is never an option', async (context) => {
  const { code, out, err } = await ctk(['init', '--file', fileIn(context)]);
  assert.deepEqual([code, out], [1, '']);
  for (const line of [
    /^ {2}- KLAVIYO_AUTH_KEY: /m,
    /^ {2}- --project, or CT_PROJECT_ID: /m,
    /^ {2}- --client-id, or CTP_CLIENT_ID: /m,
    /^ {2}- CTP_CLIENT_SECRET: /m,
    /^ {2}- --region, or CT_API_URL: /m,
  ])
    assert.match(err, line);
});

test('unauthorized keys are reported as by ctk check, and nothing is written', async (context) => {
  const file = fileIn(context);
  const { code, out, err } = await ctk(['init', ...named, '--file', file], {
    ...places(),
    ...secrets,
    KLAVIYO_AUTH_KEY: 'pk_other',
  });
  assert.equal(code, 1);
  assert.match(out, /^problem Klaviyo key: .*check KLAVIYO_AUTH_KEY/m);
  assert.match(err, /nothing was written/);
  assert.throws(() => statSync(file), /ENOENT/);
});

const skip = /util-linux/.test(String(spawnSync('script', ['--version']).stdout)) ? false : 'no script of util-linux';

describe('at a terminal', { skip }, () => {
  test('asks for what is not given, hides the secrets, and asks before it makes anything', async (context) => {
    const file = fileIn(context);
    const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
    const args = ['init', '--file', file, ...pubsub].join(' ');
    const { code, out } = await typed(`${process.execPath} ${main} ${args}`, [
      [/private API key/, 'pk_sandbox'],
      [/project's key/, 'shop'],
      [/client's id/, 'sandbox-client'],
      [/client's secret/, 'sandbox-secret'],
      [/locale of titles/, ''],
      [/currency of catalogue/, 'EUR'],
      [/product page/, ''],
      [/Make them\?/, 'y'],
    ]);
    assert.equal(code, 0, out);
    assert.doesNotMatch(out, /pk_sandbox|sandbox-secret/);
    assert.match(out, /\+ created ctk-default-order/);
    assert.match(readFileSync(file, 'utf8'), /^PREFERRED_CURRENCY=EUR$/m);
    await ctk(['subscriptions', 'remove'], testEnv.env);
  });
});

/** Each answer is typed when its question is on the screen; what the terminal showed. */
async function typed(command: string, answers: readonly (readonly [RegExp, string])[]) {
  const env = { PATH: process.env.PATH, TERM: 'xterm', NODE_CONFIG_DIR: '/nowhere', ...places() };
  // The terminal that script makes knows no width by itself.
  const child = spawn('script', ['-qec', `stty cols 120 rows 40; ${command}`, '/dev/null'], {
    env,
    stdio: 'pipe',
    timeout: 60_000,
  });
  const open = [...answers];
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
    const [next] = open;
    if (!next?.[0].test(out)) return;
    open.shift();
    child.stdin.write(`${next[1]}\r`);
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, out };
}
