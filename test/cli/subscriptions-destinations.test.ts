/** `ctk subscriptions` for every destination, typed as a person would, against a commercetools that answers. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import pino from 'pino';
import { z } from 'zod';
import { startCommercetoolsSandbox } from '../../sandbox/commercetools/sandbox.ts';
import { createService } from '../../src/app/service.ts';
import { readConfig } from '../../src/config/config.ts';
import { ctkInProcess as ctk } from './in-process.ts';

type Shop = Awaited<ReturnType<typeof startCommercetoolsSandbox>>;
let shop: Shop;
let env: Record<string, string>;

before(async () => {
  shop = await startCommercetoolsSandbox();
  env = {
    KLAVIYO_AUTH_KEY: 'pk_sandbox',
    // Nobody listens there: subscriptions need no Klaviyo.
    KLAVIYO_API_URL: 'http://127.0.0.1:9',
    CT_PROJECT_ID: shop.projectKey,
    CT_API_CLIENT: JSON.stringify({ clientId: shop.clientId, secret: shop.clientSecret }),
    CT_API_URL: shop.url,
    CT_AUTH_URL: shop.authUrl,
    NODE_CONFIG_DIR: '/nowhere',
  };
});
after(() => shop.stop());

const subscription = z.looseObject({
  id: z.string(),
  version: z.number(),
  key: z.string().optional(),
  destination: z.looseObject({ type: z.string() }),
  format: z.looseObject({ type: z.string() }),
});

async function ask(method: string, path: string, body?: unknown): Promise<unknown> {
  const basic = Buffer.from(`${shop.clientId}:${shop.clientSecret}`).toString('base64');
  const granted = await fetch(`${shop.authUrl}/oauth/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${basic}`, 'content-type': 'application/x-www-form-urlencoded' },
    body: 'grant_type=client_credentials',
  });
  const { access_token } = z.object({ access_token: z.string() }).parse(await granted.json());
  const answer = await fetch(`${shop.url}/${shop.projectKey}/${path}`, {
    method,
    headers: { authorization: `Bearer ${access_token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return answer.json();
}

async function subscriptions() {
  return z.object({ results: z.array(subscription) }).parse(await ask('GET', 'subscriptions?limit=100')).results;
}

const secret = 'a-very-secret-connection';
const destinations: { args: string[]; type: string; secrets?: Record<string, string>; format?: string }[] = [
  { args: ['--sqs', 'https://sqs.eu-central-1.amazonaws.com/123456789012/commercetools'], type: 'SQS' },
  {
    args: ['--sqs', 'https://sqs.eu-central-1.amazonaws.com/123456789012/commercetools'],
    type: 'SQS',
    secrets: { SUBSCRIPTION_KEY: 'AKIA0123456789', SUBSCRIPTION_SECRET: secret },
  },
  { args: ['--sns', 'arn:aws:sns:eu-central-1:123456789012:commercetools'], type: 'SNS' },
  { args: ['--eventbridge', 'eu-central-1/123456789012'], type: 'EventBridge' },
  {
    args: ['--eventgrid', 'https://shop.westeurope-1.eventgrid.azure.net/api/events'],
    type: 'EventGrid',
    secrets: { SUBSCRIPTION_SECRET: secret },
    format: 'CloudEvents',
  },
  { args: ['--servicebus', 'queue'], type: 'AzureServiceBus', secrets: { SUBSCRIPTION_SECRET: secret } },
  {
    args: ['--kafka', 'pkc-1.eu.confluent.cloud:9092/commercetools'],
    type: 'ConfluentCloud',
    secrets: { SUBSCRIPTION_KEY: 'an-api-key-of-confluent', SUBSCRIPTION_SECRET: secret },
  },
];

for (const { args, type, secrets = {}, format = 'Platform' } of destinations) {
  const named = `${type}${type === 'SQS' && secrets.SUBSCRIPTION_KEY ? ' with keys' : ''}`;
  test(`${named}: planned, made, the same a second time, removed`, async () => {
    const set = { ...env, ...secrets };
    const planned = await ctk(['subscriptions', 'plan', ...args], set);
    assert.equal(planned.code, 0, planned.err);
    assert.match(planned.out, /\+ create ctk-default-order: .*OrderCreated/);
    assert.deepEqual(await subscriptions(), []);

    const applied = await ctk(['subscriptions', 'apply', ...args], set);
    assert.equal(applied.code, 0, applied.err);
    const made = await subscriptions();
    assert.ok(made.length > 3);
    for (const one of made) {
      assert.match(one.key ?? '', /^ctk-default-/);
      assert.equal(one.destination.type, type);
      assert.equal(one.format.type, format);
    }

    const second = await ctk(['subscriptions', 'apply', ...args], set);
    assert.doesNotMatch(second.out, /[+~-] /, 'masked secrets are no difference');
    assert.deepEqual(
      (await subscriptions()).map(({ version }) => version),
      made.map(({ version }) => version),
    );
    for (const { out, err } of [planned, applied, second]) assert.ok(!`${out}${err}`.includes(secret));

    assert.equal((await ctk(['subscriptions', 'remove'], set)).code, 0);
    assert.deepEqual(await subscriptions(), []);
  });
}

test('--renew sends a destination again whose secrets changed', async () => {
  const args = ['--servicebus', 'queue'];
  await ctk(['subscriptions', 'apply', ...args], { ...env, SUBSCRIPTION_SECRET: secret });
  const renewed = await ctk(['subscriptions', 'apply', '--renew', ...args], { ...env, SUBSCRIPTION_SECRET: 'other' });
  assert.match(renewed.out, /~ updated ctk-default-order: changeDestination/);
  assert.deepEqual(
    new Set((await subscriptions()).map(({ destination }) => destination.connectionString)),
    new Set(['oth****']),
  );
  await ctk(['subscriptions', 'remove'], env);
});

test('another destination of another format replaces what is there', async () => {
  await ctk(['subscriptions', 'apply', '--eventbridge', 'eu-central-1/123456789012'], env);
  const args = ['--eventgrid', 'https://shop.westeurope-1.eventgrid.azure.net/api/events'];
  const moved = await ctk(['subscriptions', 'apply', ...args], { ...env, SUBSCRIPTION_SECRET: secret });
  assert.match(moved.out, /~ replaced ctk-default-order/);
  assert.deepEqual(new Set((await subscriptions()).map(({ format }) => format.type)), new Set(['CloudEvents']));
  await ctk(['subscriptions', 'remove'], env);
});

test('subscriptions of others, and of other environments, are never touched', async () => {
  const destination = { type: 'EventBridge', region: 'eu-central-1', accountId: '123456789012' };
  for (const key of ['connect-production-order', 'ctk-staging-order'])
    await ask('POST', 'subscriptions', { key, destination, messages: [{ resourceTypeId: 'order' }] });
  const before = await subscriptions();
  await ctk(['subscriptions', 'apply', '--sns', 'arn:aws:sns:eu-central-1:123456789012:commercetools'], env);
  await ctk(['subscriptions', 'remove'], env);
  assert.deepEqual(await subscriptions(), before);
  for (const { id, version } of before) await ask('DELETE', `subscriptions/${id}?version=${version}`);
});

test('what is missing or wrong is said with the form to write', async () => {
  const wrong: [string[], RegExp][] = [
    [[], /name one destination: --pubsub, --sqs/],
    [['--eventbridge', 'eu-central-1/123456789012', '--servicebus', 'queue'], /name one destination/],
    [['--pubsub', 'my-topic'], /--pubsub my-topic: must be projects\/<project>\/topics\/<topic>/],
    [['--sqs', 'commercetools'], /must be https:\/\/sqs\.<region>\.amazonaws\.com/],
    [['--eventgrid', 'https://shop.example/api/events'], /--eventgrid needs SUBSCRIPTION_SECRET/],
    [['--kafka', 'pkc-1.eu.confluent.cloud:9092/t'], /--kafka needs SUBSCRIPTION_KEY and SUBSCRIPTION_SECRET/],
  ];
  for (const [args, reason] of wrong) {
    const { code, err } = await ctk(['subscriptions', 'plan', ...args], env);
    assert.equal(code, 1);
    assert.match(err, reason);
  }
});

test('ctk check and /ready say how each subscription is', async () => {
  await ctk(['subscriptions', 'apply', '--eventbridge', 'eu-central-1/123456789012'], env);
  const { out } = await ctk(['check'], env);
  assert.match(out, /ok\s+subscription ctk-default-order: Healthy/);
  const app = createService(
    readConfig({ ...env, HOST: '127.0.0.1', PORT: '0', APP_TYPE: 'EVENT' }),
    pino({ level: 'silent' }),
  );
  const [service = ''] = await app.start();
  const ready = z.object({
    subscriptions: z.record(z.string(), z.string()),
    sources: z.record(z.string(), z.string()),
  });
  const said = ready.parse(await (await fetch(`${service}/ready`)).json());
  await app.stop();
  assert.equal(said.subscriptions['ctk-default-order'], 'Healthy');
  assert.deepEqual(said.sources, { push: 'ok' });
  await ctk(['subscriptions', 'remove'], env);
});
