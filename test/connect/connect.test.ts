/**
 * The very commands that commercetools Connect runs, in a copy of the repository that has nothing installed, against a
 * commercetools and a Klaviyo that answer.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'yaml';
import { z } from 'zod';
import { startPushReceiver } from '../../sandbox/commercetools/push-receiver.ts';
import { startCommercetoolsSandbox } from '../../sandbox/commercetools/sandbox.ts';
import { startKlaviyoSandbox } from '../../sandbox/klaviyo/sandbox.ts';
import { connectShop } from '../../sandbox/shop/actors/shop-api.ts';
import { seedShop } from '../../sandbox/shop/seed/seed.ts';
import { customer } from '../fixtures/customer.ts';
import { freePort } from '../free-port.ts';

const application = z.object({
  name: z.string(),
  applicationType: z.enum(['event', 'service', 'job']),
  endpoint: z.string(),
  scripts: z.object({ postDeploy: z.string(), preUndeploy: z.string() }).optional(),
});
const { deployAs } = z
  .object({ deployAs: z.array(application) })
  .parse(parse(readFileSync(new URL('../../connect.yaml', import.meta.url), 'utf8')));

/** Applications whose dependencies are installed. */
const installed = new Set<string>();
const copy = mkdtempSync(join(tmpdir(), 'ctk-connect-'));
const path = `${dirname(process.execPath)}:${process.env.PATH ?? ''}`;
let shop: Awaited<ReturnType<typeof startCommercetoolsSandbox>>;
let klaviyo: Awaited<ReturnType<typeof startKlaviyoSandbox>>;
let env: Record<string, string>;

before(async () => {
  const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { encoding: 'utf8' }).split('\n');
  for (const file of files.filter((name) => name !== '')) cpSync(file, join(copy, file), { recursive: true });
  [shop, klaviyo] = await Promise.all([startCommercetoolsSandbox(), startKlaviyoSandbox({ limits: 'none' })]);
  await seedShop(shop, { customers: 5, orders: 5, products: 5, edgeCases: false });
  env = {
    ...networkSettings(),
    PATH: path,
    HOME: process.env.HOME ?? '',
    KLAVIYO_AUTH_KEY: 'pk_sandbox',
    KLAVIYO_API_URL: klaviyo.url,
    // As Connect injects them.
    CTP_PROJECT_KEY: shop.projectKey,
    CTP_CLIENT_ID: shop.clientId,
    CTP_CLIENT_SECRET: shop.clientSecret,
    CTP_API_URL: shop.url,
    CTP_AUTH_URL: shop.authUrl,
    NODE_CONFIG_DIR: '/nowhere',
  };
});
after(async () => {
  await Promise.all([shop.stop(), klaviyo.stop()]);
  rmSync(copy, { recursive: true });
});

/** How npm reaches its registry from here. */
function networkSettings(): Record<string, string> {
  const wanted = /^(npm_config_(registry|cache|userconfig)|(https?|no)_proxy|node_extra_ca_certs|ssl_cert_file)$/i;
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) => (wanted.test(name) && value ? [[name, value]] : [])),
  );
}

function named(name: string) {
  const found = deployAs.find((one) => one.name === name);
  assert.ok(found, name);
  return found;
}

/**
 * Runs a line of connect.yaml in the application's folder. The installation at its beginning is done once per application:
 * a second one would only repeat `npm ci`.
 */
async function run(name: string, command: string, more: Record<string, string> = {}): Promise<string> {
  const script = installed.has(name) ? command.replace(/^npm install && /, '') : command;
  installed.add(name);
  const child = spawn('sh', ['-c', script], { cwd: join(copy, name), env: { ...env, ...more } });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [out, problems, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  assert.equal(code, 0, `${out}${problems}`);
  return out;
}

/** `npm start` in the application's folder, until the act is over. */
async function started(name: string, act: (url: string) => Promise<void>): Promise<void> {
  const port = await freePort();
  const child: ChildProcess = spawn('npm', ['start'], {
    cwd: join(copy, name),
    env: { ...env, PORT: String(port), HOST: '127.0.0.1', API_TOKEN: 'a-token-that-is-long-enough' },
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  const closed = new Promise((resolve) => child.once('close', resolve));
  child.stdout?.resume();
  try {
    const url = `http://127.0.0.1:${port}`;
    for (let left = 200; left > 0; left -= 1) {
      if (
        await fetch(`${url}/health`).then(
          ({ ok }) => ok,
          () => false,
        )
      )
        break;
      await sleep(100);
    }
    await act(url);
  } finally {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGTERM');
    await closed;
  }
}

const listed = z.object({
  results: z.array(
    z.looseObject({
      key: z.string().optional(),
      version: z.number(),
      destination: z.looseObject({ type: z.string() }),
    }),
  ),
});
const subscriptions = async () => (await connectShop(shop).get('subscriptions?limit=100', listed)).results;

test('every application has its folder, with the scripts that connect.yaml names', () => {
  assert.deepEqual(
    deployAs.map(({ name }) => name),
    ['event', 'service', 'job'],
  );
  const scripts = z.object({ scripts: z.record(z.string(), z.string()) });
  for (const { name, scripts: asked } of deployAs) {
    const has = scripts.parse(JSON.parse(readFileSync(join(copy, name, 'package.json'), 'utf8'))).scripts;
    assert.ok(has.start, name);
    for (const line of Object.values(asked ?? {}))
      for (const [, script = ''] of line.matchAll(/npm run (\S+)/g)) assert.ok(has[script], `${name}: ${script}`);
  }
});

const topics = {
  'Google Pub/Sub': {
    CONNECT_SUBSCRIPTION_DESTINATION: 'GoogleCloudPubSub',
    CONNECT_GCP_PROJECT_ID: 'connect-project',
    CONNECT_GCP_TOPIC_NAME: 'connect-topic',
  },
  SNS: {
    CONNECT_SUBSCRIPTION_DESTINATION: 'SNS',
    CONNECT_AWS_TOPIC_ARN: 'arn:aws:sns:eu-central-1:123456789012:connect',
  },
};

for (const [name, variables] of Object.entries(topics)) {
  test(`${name}: postDeploy creates the subscriptions once, preUndeploy removes them`, async () => {
    const { scripts } = named('event');
    assert.ok(scripts);
    if (name === 'Google Pub/Sub') await receiving(() => run('event', scripts.postDeploy, variables));
    else await run('event', scripts.postDeploy, variables);
    const made = await subscriptions();
    assert.ok(made.length > 3);
    assert.deepEqual(
      new Set(made.map(({ destination }) => destination.type)),
      new Set([variables.CONNECT_SUBSCRIPTION_DESTINATION]),
    );
    await run('event', scripts.postDeploy, variables);
    assert.deepEqual(await subscriptions(), made);
    await run('event', scripts.preUndeploy, variables);
    // Removing subscriptions that no longer exist succeeds.
    await run('event', scripts.preUndeploy, variables);
    assert.deepEqual(await subscriptions(), []);
  });
}

/** Runs the action while a subscriber receives the test message of the topic. */
async function receiving(act: () => Promise<unknown>): Promise<void> {
  const receiver = await startPushReceiver();
  shop.pubsub.bind('projects/connect-project/topics/connect-topic', { pushEndpoint: receiver.url });
  await act();
  await receiver.stop();
}

test('the event application processes a message that Connect pushes', async () => {
  const now = customer();
  await shop.place('customer', [
    {
      ...now,
      id: String(now.id),
      version: 1,
      createdAt: String(now.createdAt),
      lastModifiedAt: String(now.lastModifiedAt),
    },
  ]);
  await started('event', async (url) => {
    const payload = {
      notificationType: 'ResourceUpdated',
      resource: { typeId: 'customer', id: now.id },
      version: 2,
      oldVersion: 1,
      modifiedAt: '2026-03-15T08:00:00.000Z',
    };
    const data = Buffer.from(JSON.stringify(payload)).toString('base64');
    const answer = await fetch(`${url}${named('event').endpoint}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-forwarded-for': '203.0.113.9' },
      body: JSON.stringify({ message: { data, messageId: '1' }, subscription: 's' }),
    });
    assert.equal(answer.status, 204);
    assert.equal((await fetch(`${url}/sync`)).status, 404);
  });
});

test('the service application serves the API to callers with the token', async () => {
  await started('service', async (url) => {
    assert.equal((await fetch(`${url}/sync`)).status, 401);
    const headers = { authorization: 'Bearer a-token-that-is-long-enough' };
    assert.equal((await fetch(`${url}/sync`, { headers })).status, 200);
    assert.equal((await fetch(`${url}/`, { method: 'POST', body: '{}' })).status, 404);
  });
});

test('the job application syncs all resources and answers the state of each', async () => {
  await started('job', async (url) => {
    const answer = await fetch(`${url}${named('job').endpoint}`, { method: 'POST' });
    assert.equal(answer.status, 200);
    assert.deepEqual(await answer.json(), {
      syncs: ['categories', 'products', 'customers', 'orders'].map((resource) => ({ resource, state: 'completed' })),
    });
  });
});
