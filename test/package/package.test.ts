/** The package as `npm pack` makes it, installed into an empty folder, with a merchant's own ctk.config.ts. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { newOrder, type OrderShop, startOrderShop } from '../mapping/order-fixture.ts';
import { type Ended, startProgram } from '../program.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'ctk-package-'));
let shop: OrderShop;

const merchantsFile = `
import { defineConfig, defineRule, majorUnits, profileOf, type EventDraft } from 'commercetools-klaviyo';

const bigOrder = defineRule({
  name: 'big-order',
  facts: 'order',
  triggers: ['OrderCreated'],
  bulk: 'orders',
  map(facts) {
    const profile = profileOf(facts);
    if ('skip' in profile) return profile;
    const value: number = majorUnits(facts.order.totalPrice);
    const { id: uniqueId, createdAt: time } = facts.order;
    return { type: 'event', metric: 'Big Order', uniqueId, time, value, profile, properties: {} };
  },
});

export default defineConfig({
  hooks: {
    event(event): EventDraft {
      return { ...event, properties: { ...event.properties, Merchant: 'was here' } };
    },
  },
  rules: [bigOrder],
});
`;

/** Types a command in the merchant's folder, or in the one that is named. */
function type(command: readonly string[], env: Record<string, string> = {}, cwd = folder): Promise<Ended> {
  return start(command, env, cwd).ended;
}

function start(command: readonly string[], env: Record<string, string> = {}, cwd = folder) {
  const path = `${dirname(process.execPath)}:${process.env.PATH ?? ''}`;
  const npm = Object.entries(process.env).filter(([name]) => /^(npm_config_|.*_proxy$|NODE_EXTRA_CA)/i.test(name));
  return startProgram('env', ['-C', cwd, ...command], { ...Object.fromEntries(npm), PATH: path, ...env });
}

async function works(command: readonly string[], env?: Record<string, string>): Promise<string> {
  const { code, out, err } = await type(command, env);
  assert.equal(code, 0, `${command.join(' ')}\n${out}\n${err}`);
  return out;
}

before(async () => {
  shop = await startOrderShop();
  const packed = await type(['npm', 'pack', '--json', '--pack-destination', folder], {}, root);
  assert.equal(packed.code, 0, packed.err);
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz'));
  await works(['npm', 'install', '--no-audit', '--no-fund', '--prefer-offline', `./${tarball}`]);
  writeFileSync(join(folder, 'ctk.config.ts'), merchantsFile);
});
after(async () => {
  await shop.stop();
  rmSync(folder, { recursive: true });
});

test('it holds JavaScript with declarations, and neither the sandbox nor a test nor a development dependency', () => {
  const installed = join(folder, 'node_modules/commercetools-klaviyo');
  const files = readdirSync(installed, { recursive: true, encoding: 'utf8' });
  assert.ok(files.includes('dist/main.js') && files.includes('dist/index.d.ts'));
  assert.deepEqual(
    files.filter((name) =>
      /^dist\/sandbox|\.test\.|^src|[^d]\.ts$/.test(name.replace(/^(examples|dist\/dashboard\/public\/).*/, '')),
    ),
    [],
  );
  const manifest = z.object({ devDependencies: z.record(z.string(), z.string()) });
  const { devDependencies } = manifest.parse(JSON.parse(readFileSync(`${root}package.json`, 'utf8')));
  const there = new Set(readdirSync(join(folder, 'node_modules')));
  for (const name of ['@labdigital', 'typescript', 'fauxqs', 'knip']) assert.ok(!there.has(name), name);
  assert.ok('knip' in devDependencies);
});

test('npx ctk runs there, and finds the merchant’s file', async () => {
  assert.match(await works(['npx', 'ctk', '--help']), /subscriptions/);
  const { extension } = z
    .object({ extension: z.looseObject({ file: z.string(), rules: z.array(z.string()) }) })
    .parse(JSON.parse(await works(['npx', 'ctk', 'config'], shop.testEnv.env)));
  assert.match(extension.file, /ctk\.config\.ts$/);
  assert.deepEqual(extension.rules, ['big-order']);
});

test('npx ctk init, check, serve: from two keys to a service that runs', async () => {
  const { KLAVIYO_API_URL, CT_API_URL, CT_AUTH_URL } = shop.testEnv.env;
  const places = { KLAVIYO_API_URL, CT_API_URL, CT_AUTH_URL };
  const secrets = { KLAVIYO_AUTH_KEY: 'pk_sandbox', CTP_CLIENT_SECRET: 'sandbox-secret' };
  const env = Object.fromEntries(Object.entries({ ...places, ...secrets }).map(([name, value]) => [name, value ?? '']));
  const named = ['--project', 'shop', '--client-id', 'sandbox-client', '--file', 'ctk.env'];
  await works(['npx', 'ctk', 'init', ...named], env);
  const check = await type(['npx', 'ctk', '--env', 'ctk.env', 'check']);
  // Nothing delivers messages yet.
  assert.equal(check.code, 1);
  assert.match(check.out, /^ok +commercetools client: project shop$/m);
  const serve = start(['npx', 'ctk', '--env', 'ctk.env', 'serve'], { PORT: '0' });
  await serve.printed(/"msg":"started"/);
  serve.signal('SIGINT');
  await serve.ended;
});

test('npx ctk sandbox says that it needs a clone', async () => {
  const { code, err } = await type(['npx', 'ctk', 'sandbox']);
  assert.equal(code, 1);
  assert.match(err, /clone the repository, then: npm ci && npm run sandbox/);
});

test('a sync of orders carries the merchant’s property, and his rule’s event', async () => {
  const order = newOrder();
  await shop.addRecords(order);
  const out = await works(['npx', 'ctk', 'sync', 'orders'], shop.testEnv.env);
  assert.match(out, /^orders: completed, 1 of 1 read, 1 delivered/m);
  assert.equal((await shop.event('Placed Order', order.id)).properties.Merchant, 'was here');
  assert.equal((await shop.event('Big Order', order.id)).wouldTriggerFlows, false);
});

test('the merchant’s file is typed by the package’s declarations, and a mistake in it is found', async () => {
  const options = { module: 'nodenext', target: 'es2024', strict: true, noEmit: true, skipLibCheck: true, types: [] };
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module' }));
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, files: ['ctk.config.ts'] }));
  const tsc = [process.execPath, join(root, 'node_modules/typescript/bin/tsc'), '-p', '.'];
  await works(tsc);
  writeFileSync(join(folder, 'ctk.config.ts'), merchantsFile.replace("metric: 'Big Order'", 'metric: 7'));
  const { code, out } = await type(tsc);
  assert.notEqual(code, 0);
  assert.match(out, /^ctk\.config\.ts.*error TS/);
});
