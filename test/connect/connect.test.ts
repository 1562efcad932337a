/** Runs each application of commercetools Connect alone, by the commands of Connect, against both sandboxes. */
import assert from 'node:assert/strict';
import { readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { z } from 'zod';
import { startPushReceiver } from '../../sandbox/commercetools/push-receiver.ts';
import { connectShop } from '../../sandbox/shop/actors/shop-api.ts';
import { id } from '../fixtures/index.ts';
import { copyProductionModules } from '../production-modules.ts';
import { type Connect, names, startConnect, token } from './applications.ts';

const headers = { authorization: `Bearer ${token}` };
let connect: Connect;

before(async () => {
  connect = await startConnect();
});
after(() => connect.stop());

const listed = z.object({
  results: z.array(
    z.looseObject({
      key: z.string().optional(),
      version: z.number(),
      destination: z.looseObject({ type: z.string() }),
    }),
  ),
});
const subscriptions = async () => (await connectShop(connect.shop).get('subscriptions?limit=100', listed)).results;

const scriptsSchema = z.object({ scripts: z.record(z.string(), z.string()), engines: z.object({ node: z.string() }) });
const lockSchema = z.object({ packages: z.record(z.string(), z.looseObject({ integrity: z.string().optional() })) });

test('every application has its folder, with the scripts that Connect and connect.yaml name, and Node 24', () => {
  assert.deepEqual(
    connect.deployAs.map(({ name }) => name),
    names,
  );
  for (const { name, scripts: lines } of connect.deployAs) {
    const { scripts, engines } = scriptsSchema.parse(JSON.parse(connect.readFile(name, 'package.json')));
    for (const script of ['build', 'test', 'start']) assert.ok(scripts[script], `${name}: ${script}`);
    for (const line of Object.values(lines ?? {}))
      for (const [, script = ''] of line.matchAll(/npm run (\S+)/g)) assert.ok(scripts[script], `${name}: ${script}`);
    assert.equal(engines.node, '24.x');
    const files = readdirSync(join(connect.alone, name), { recursive: true, encoding: 'utf8' });
    // The dashboard's page is served from its TypeScript.
    const isPage = (file: string) => file.startsWith('dist/dashboard/public/');
    assert.deepEqual(
      files.filter((file) => /\.test\./.test(file) || (file.endsWith('.ts') && !isPage(file))),
      [],
    );
    const text = files.filter((file) => /\.js(on)?$/.test(file)).map((file) => connect.readFile(name, file));
    assert.ok(text.every((content) => !content.includes(process.cwd())));
  }
});

test('the lock files have a hash for every package and are equal but for the name', () => {
  for (const name of names) {
    const { '': _root, ...packages } = lockSchema.parse(
      JSON.parse(connect.readFile(name, 'package-lock.json')),
    ).packages;
    for (const [path, { integrity }] of Object.entries(packages)) assert.match(integrity ?? '', /^sha512-/, path);
    const withoutName = (of: string) =>
      connect.readFile(of, 'package-lock.json').replaceAll(`commercetools-klaviyo-${of}`, '');
    assert.equal(withoutName(name), withoutName('event'));
  }
});

test('npm ci finds nothing to refuse, and npm run build and npm test succeed in each folder alone', async () => {
  // Equal lock files install equal packages; that each agrees with its package.json is what npm ci refuses to do without.
  copyProductionModules(join(connect.alone, 'event'));
  for (const name of names) {
    await connect.execute(name, 'npm ci --dry-run --prefer-offline --no-audit --no-fund');
    if (name !== 'event')
      symlinkSync(join(connect.alone, 'event/node_modules'), join(connect.alone, name, 'node_modules'));
  }
  await Promise.all(
    names.map(async (name) => {
      assert.match(await connect.execute(name, 'npm run build'), /nothing to compile/);
      assert.match(await connect.execute(name, 'npm test'), /pass 1/);
    }),
  );
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

test('Google Pub/Sub: postDeploy creates the subscriptions once, preUndeploy removes them', async () => {
  const variables = topics['Google Pub/Sub'];
  const { postDeploy, preUndeploy } = scripts();
  await receiving(() => connect.run('event', postDeploy, variables));
  const created = await subscriptions();
  assert.ok(created.length > 3);
  assert.deepEqual(destinations(created), ['GoogleCloudPubSub']);
  await connect.run('event', postDeploy, variables);
  assert.deepEqual(await subscriptions(), created);
  await connect.run('event', preUndeploy, variables);
  // Removing subscriptions that no longer exist succeeds.
  await connect.run('event', preUndeploy, variables);
  assert.deepEqual(await subscriptions(), []);
});

test('SNS: postDeploy creates the subscriptions, preUndeploy removes them', async () => {
  const { postDeploy, preUndeploy } = scripts();
  await connect.run('event', postDeploy, topics.SNS);
  assert.deepEqual(destinations(await subscriptions()), ['SNS']);
  await connect.run('event', preUndeploy, topics.SNS);
  assert.deepEqual(await subscriptions(), []);
});

function scripts() {
  const { scripts } = connect.named('event');
  assert.ok(scripts);
  return scripts;
}

function destinations(created: Awaited<ReturnType<typeof subscriptions>>): string[] {
  return [...new Set(created.map(({ destination }) => destination.type))];
}

/** Runs the action while a subscriber receives the test message of the topic. */
async function receiving(act: () => Promise<unknown>): Promise<void> {
  const receiver = await startPushReceiver();
  connect.shop.pubsub.bind('projects/connect-project/topics/connect-topic', { pushEndpoint: receiver.url });
  await act();
  await receiver.stop();
}

test('the event application processes a message that Connect pushes', async () => {
  const changed = await connect.addCustomer({});
  await connect.started('event', async (url) => {
    assert.equal(await connect.push(url, changed), 204);
    assert.equal((await fetch(`${url}/sync`)).status, 404);
  });
});

test('the service application stores a sync for callers with the token, and the job application executes it', async () => {
  const before = connect.klaviyo.state().requests;
  await connect.started('service', async (url) => {
    assert.equal((await fetch(`${url}/sync`)).status, 401);
    assert.equal((await fetch(`${url}/sync`, { headers })).status, 200);
    assert.equal((await fetch(`${url}/`, { method: 'POST', body: '{}' })).status, 404);
    for (const resource of ['products', 'customers'])
      assert.equal((await fetch(`${url}/sync/${resource}`, { method: 'POST', headers })).status, 202);
  });
  assert.equal(connect.klaviyo.state().requests, before);
  await connect.started('job', async (url) => {
    const { runs, complete } = z
      .object({ runs: z.array(z.object({ resource: z.string(), state: z.string() })), complete: z.boolean() })
      .parse(await connect.requestJob(url));
    assert.deepEqual(
      [runs.map(({ resource, state }) => `${resource} ${state}`).toSorted(), complete],
      [['customers completed', 'products completed'], true],
    );
  });
  assert.ok(connect.klaviyo.state().requests > before);
});

test('a kill of the event application after it acknowledged messages loses nothing: the job application follows', async () => {
  // More than single requests are allowed in a second, so that some go in bulk.
  const changed = await Promise.all(
    Array.from({ length: 200 }, (_, n) => connect.addCustomer({ id: id(`e${n + 1_000}`), email: `e${n}@example.com` })),
  );
  // Event sees no job end, however late it is killed.
  connect.klaviyo.faults.add({ kind: 'status', status: 503, method: 'GET', path: '/api/profile-bulk-import-jobs' });
  await connect.started(
    'event',
    async (url) => {
      const statuses = await Promise.all(changed.map((customerId) => connect.push(url, customerId)));
      assert.deepEqual(new Set(statuses), new Set([204]));
    },
    'SIGKILL',
  );
  connect.klaviyo.faults.clear();
  assert.ok((await connect.acceptedJobs()).length > 0, 'a job has not ended');
  await connect.started('job', async (url) => {
    assert.deepEqual(await connect.requestJob(url), { runs: [], complete: true });
  });
  assert.deepEqual(await connect.acceptedJobs(), []);
  const { data } = z
    .object({ data: z.array(z.looseObject({ email: z.string().nullish() })) })
    .parse(await (await fetch(`${connect.klaviyo.url}/sandbox/profiles?limit=1000`)).json());
  const emails = new Set(data.map(({ email }) => email));
  assert.deepEqual(
    changed.map((_, n) => `e${n}@example.com`).filter((email) => !emails.has(email)),
    [],
  );
});
