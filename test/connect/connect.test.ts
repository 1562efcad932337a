/**
 * The applications of commercetools Connect as `npm run connect:build` writes them, each copied alone into an empty folder, and
 * run by the commands of Connect against both sandboxes.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { constants, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
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
import { id } from '../fixtures/index.ts';
import { freePort } from '../free-port.ts';

const application = z.object({
  name: z.string(),
  applicationType: z.enum(['event', 'service', 'job']),
  endpoint: z.string(),
  scripts: z.object({ postDeploy: z.string(), preUndeploy: z.string() }).optional(),
});
const temporary = mkdtempSync(join(tmpdir(), 'ctk-connect-'));
const built = join(temporary, 'built');
const alone = join(temporary, 'alone');
const names = ['event', 'service', 'job'];
let deployAs: z.infer<typeof application>[] = [];

/** Applications in which the installation of a line of connect.yaml has run. */
const installed = new Set<string>();
const path = `${dirname(process.execPath)}:${process.env.PATH ?? ''}`;
const token = 'a-token-that-is-long-enough';
let shop: Awaited<ReturnType<typeof startCommercetoolsSandbox>>;
let klaviyo: Awaited<ReturnType<typeof startKlaviyoSandbox>>;
let env: Record<string, string>;

before(async () => {
  const build = resolve('scripts/connect/build.ts');
  execFileSync(process.execPath, ['--disable-warning=ExperimentalWarning', build, built], { stdio: 'pipe' });
  deployAs = z
    .object({ deployAs: z.array(application) })
    .parse(parse(readFileSync(join(built, 'connect.yaml'), 'utf8'))).deployAs;
  for (const name of names) cpSync(join(built, name), join(alone, name), { recursive: true });
  [shop, klaviyo] = await Promise.all([
    startCommercetoolsSandbox(),
    startKlaviyoSandbox({ limits: 'none', jobMs: 3_000 }),
  ]);
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
    CTP_REGION: 'europe-west1.gcp',
    CONNECT_ENV: 'production',
    CONNECT_PROVIDER: 'GCP',
    CONNECT_SERVICE_URL: 'https://service.example',
    NODE_CONFIG: JSON.stringify({ runs: { leaseSeconds: 1 } }),
  };
});
after(async () => {
  await Promise.all([shop.stop(), klaviyo.stop()]);
  rmSync(temporary, { recursive: true });
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

/** Runs a command in the application's folder. @returns what it prints */
async function execute(name: string, command: string, more: Record<string, string> = {}): Promise<string> {
  const child = spawn('sh', ['-c', command], { cwd: join(alone, name), env: { ...env, ...more } });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [out, problems, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  assert.equal(code, 0, `${command}\n${out}${problems}`);
  return out;
}

/** Runs a line of connect.yaml. Its installation is repeated once per application. */
function run(name: string, line: string, more: Record<string, string> = {}): Promise<string> {
  const command = installed.has(name) ? line.replace(/^npm install && /, '') : line;
  installed.add(name);
  return execute(name, command, more);
}

/** `npm start` in the application's folder, until the act is over. */
async function started(
  name: string,
  act: (url: string) => Promise<void>,
  signal: NodeJS.Signals = 'SIGTERM',
): Promise<void> {
  const port = await freePort();
  const child: ChildProcess = spawn('npm', ['start'], {
    cwd: join(alone, name),
    env: { ...env, PORT: String(port), HOST: '127.0.0.1', API_TOKEN: token },
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  const closed = new Promise((resolve) => child.once('close', resolve));
  child.stdout?.resume();
  try {
    const url = `http://127.0.0.1:${port}`;
    for (let left = 300; left > 0; left -= 1) {
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
    if (child.pid !== undefined) process.kill(-child.pid, signal);
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

const scriptsSchema = z.object({ scripts: z.record(z.string(), z.string()), engines: z.object({ node: z.string() }) });
const lockSchema = z.object({ packages: z.record(z.string(), z.looseObject({ integrity: z.string().optional() })) });
const readFile = (name: string, file: string) => readFileSync(join(alone, name, file), 'utf8');

test('every application has its folder, with the scripts that Connect and connect.yaml name, and Node 24', () => {
  assert.deepEqual(
    deployAs.map(({ name }) => name),
    names,
  );
  for (const { name, scripts: lines } of deployAs) {
    const { scripts, engines } = scriptsSchema.parse(JSON.parse(readFile(name, 'package.json')));
    for (const script of ['build', 'test', 'start']) assert.ok(scripts[script], `${name}: ${script}`);
    for (const line of Object.values(lines ?? {}))
      for (const [, script = ''] of line.matchAll(/npm run (\S+)/g)) assert.ok(scripts[script], `${name}: ${script}`);
    assert.equal(engines.node, '24.x');
    const files = readdirSync(join(alone, name), { recursive: true, encoding: 'utf8' });
    assert.deepEqual(
      files.filter((file) => /\.ts$|\.test\./.test(file)),
      [],
    );
    const text = files.filter((file) => /\.js(on)?$/.test(file)).map((file) => readFile(name, file));
    assert.ok(text.every((content) => !content.includes(process.cwd())));
  }
});

test('the lock files have a hash for every package and are equal but for the name', () => {
  for (const name of names) {
    const { '': _root, ...packages } = lockSchema.parse(JSON.parse(readFile(name, 'package-lock.json'))).packages;
    for (const [path, { integrity }] of Object.entries(packages)) assert.match(integrity ?? '', /^sha512-/, path);
    const withoutName = (of: string) => readFile(of, 'package-lock.json').replaceAll(`commercetools-klaviyo-${of}`, '');
    assert.equal(withoutName(name), withoutName('event'));
  }
});

test('npm ci, npm run build and npm test succeed in each folder alone', async () => {
  const quiet = '--prefer-offline --no-audit --no-fund';
  await execute('event', `npm ci ${quiet}`);
  // Equal lock files install equal packages: the others are only compared with their package.json.
  for (const name of ['service', 'job']) {
    await execute(name, `npm ci --dry-run ${quiet}`);
    const [from, to] = ['event', name].map((folder) => join(alone, folder, 'node_modules'));
    cpSync(from ?? '', to ?? '', { recursive: true, verbatimSymlinks: true, mode: constants.COPYFILE_FICLONE });
  }
  for (const name of names) {
    assert.match(await execute(name, 'npm run build'), /nothing to compile/);
    assert.match(await execute(name, 'npm test'), /pass 1/);
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

const headers = { authorization: `Bearer ${token}` };

/** Puts a customer into the shop; nobody is notified. */
async function addCustomer(fields: Record<string, unknown>): Promise<string> {
  const record = customer({ addresses: [], ...fields });
  const [createdAt, lastModifiedAt] = [String(record.createdAt), String(record.lastModifiedAt)];
  await shop.place('customer', [{ ...record, id: String(record.id), version: 1, createdAt, lastModifiedAt }]);
  return String(record.id);
}

/** Pushes a change of a customer as Connect does. @returns the status of the answer */
async function push(url: string, customerId: string): Promise<number> {
  const payload = {
    notificationType: 'ResourceUpdated',
    resource: { typeId: 'customer', id: customerId },
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
  return answer.status;
}

async function requestJob(url: string): Promise<unknown> {
  const answer = await fetch(`${url}${named('job').endpoint}`, { method: 'POST' });
  assert.equal(answer.status, 200);
  return answer.json();
}

const acceptedJobs = async () =>
  (await connectShop(shop).get('custom-objects/ctk-accepted-jobs', z.object({ results: z.array(z.unknown()) })))
    .results;

test('the event application processes a message that Connect pushes', async () => {
  const changed = await addCustomer({});
  await started('event', async (url) => {
    assert.equal(await push(url, changed), 204);
    assert.equal((await fetch(`${url}/sync`)).status, 404);
  });
});

test('the service application stores a sync for callers with the token, and the job application executes it', async () => {
  const before = klaviyo.state().requests;
  await started('service', async (url) => {
    assert.equal((await fetch(`${url}/sync`)).status, 401);
    assert.equal((await fetch(`${url}/sync`, { headers })).status, 200);
    assert.equal((await fetch(`${url}/`, { method: 'POST', body: '{}' })).status, 404);
    for (const resource of ['products', 'customers'])
      assert.equal((await fetch(`${url}/sync/${resource}`, { method: 'POST', headers })).status, 202);
  });
  assert.equal(klaviyo.state().requests, before);
  await started('job', async (url) => {
    const { runs, complete } = z
      .object({ runs: z.array(z.object({ resource: z.string(), state: z.string() })), complete: z.boolean() })
      .parse(await requestJob(url));
    assert.deepEqual(
      [runs.map(({ resource, state }) => `${resource} ${state}`).toSorted(), complete],
      [['customers completed', 'products completed'], true],
    );
  });
  assert.ok(klaviyo.state().requests > before);
});

test('a kill of the event application after it acknowledged messages loses nothing: the job application follows', async () => {
  const changed = await Promise.all(
    Array.from({ length: 60 }, (_, n) => addCustomer({ id: id(`e${n + 1_000}`), email: `e${n}@example.com` })),
  );
  await started(
    'event',
    async (url) => {
      const statuses = await Promise.all(changed.map((customerId) => push(url, customerId)));
      assert.deepEqual(new Set(statuses), new Set([204]));
    },
    'SIGKILL',
  );
  assert.ok((await acceptedJobs()).length > 0, 'a job has not ended');
  await started('job', async (url) => {
    assert.deepEqual(await requestJob(url), { runs: [], complete: true });
  });
  assert.deepEqual(await acceptedJobs(), []);
  const { data } = z
    .object({ data: z.array(z.looseObject({ email: z.string().nullish() })) })
    .parse(await (await fetch(`${klaviyo.url}/sandbox/profiles?limit=1000`)).json());
  const emails = new Set(data.map(({ email }) => email));
  assert.deepEqual(
    changed.map((_, n) => `e${n}@example.com`).filter((email) => !emails.has(email)),
    [],
  );
});

test('a release tag gets the folders, and no branch does', () => {
  const repository = join(temporary, 'repository');
  mkdirSync(repository);
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=CI', '-c', 'user.email=ci@example.com', ...args], {
      cwd: repository,
      encoding: 'utf8',
      stdio: 'pipe',
    }).trim();
  git('init', '--quiet', '--initial-branch=main');
  writeFileSync(join(repository, '.gitignore'), 'dist/\n');
  git('add', '.');
  git('commit', '--quiet', '-m', 'first');
  git('tag', 'v1.2.3');
  const tagRelease = () =>
    execFileSync(process.execPath, [resolve('scripts/connect/tag-release.ts'), 'v1.2.3', built], {
      cwd: repository,
      env: { ...process.env, ...identity },
      encoding: 'utf8',
    });
  const identity = {
    GIT_AUTHOR_NAME: 'CI',
    GIT_AUTHOR_EMAIL: 'ci@example.com',
    GIT_COMMITTER_NAME: 'CI',
    GIT_COMMITTER_EMAIL: 'ci@example.com',
  };
  assert.match(tagRelease(), /git push --force origin refs\/tags\/v1\.2\.3/);
  const files = git('ls-tree', '-r', '--name-only', 'v1.2.3').split('\n');
  for (const name of names)
    for (const file of ['package.json', 'package-lock.json', 'dist/main.js', 'smoke-test.js'])
      assert.ok(files.includes(`${name}/${file}`), `${name}/${file}`);
  assert.deepEqual(git('ls-tree', '-r', '--name-only', 'main'), '.gitignore');
  assert.equal(git('rev-parse', 'v1.2.3^{commit}^'), git('rev-parse', 'main'));
  assert.equal(git('status', '--porcelain'), '');
  assert.match(tagRelease(), /holds event, service, job already/);
});
