/**
 * The applications of commercetools Connect as `npm run connect:build` writes them, each copied alone into an empty folder, with
 * both sandboxes and the commands of Connect.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'yaml';
import { z } from 'zod';
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
const acceptedJobs = z.object({ results: z.array(z.unknown()) });
export const names = ['event', 'service', 'job'];
export const token = 'a-token-that-is-long-enough';

export type Connect = Awaited<ReturnType<typeof startConnect>>;

/** Builds the applications and starts the sandboxes. */
export async function startConnect() {
  const temporary = mkdtempSync(join(tmpdir(), 'ctk-connect-'));
  const [built, alone] = [join(temporary, 'built'), join(temporary, 'alone')];
  const build = ['--disable-warning=ExperimentalWarning', resolve('scripts/connect/build.ts'), built];
  execFileSync(process.execPath, build, { stdio: 'pipe' });
  const { deployAs } = z
    .object({ deployAs: z.array(application) })
    .parse(parse(readFileSync(join(built, 'connect.yaml'), 'utf8')));
  for (const name of names) cpSync(join(built, name), join(alone, name), { recursive: true });
  const [shop, klaviyo] = await Promise.all([startCommercetoolsSandbox(), startKlaviyoSandbox({ limits: 'none' })]);
  await seedShop(shop, { customers: 5, orders: 5, products: 5, edgeCases: false });
  const env: Record<string, string> = {
    ...networkSettings(),
    PATH: `${dirname(process.execPath)}:${process.env.PATH ?? ''}`,
    // Each start would compile the same sources.
    NODE_COMPILE_CACHE: join(temporary, 'compiled'),
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
  /** Applications in which the installation of a line of connect.yaml has run. */
  const installed = new Set<string>();

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

  return {
    ...{ alone, deployAs, shop, klaviyo, named, execute, run, started, addCustomer, push, requestJob },
    /** Accepted jobs that are stored. */
    acceptedJobs: async () => (await connectShop(shop).get('custom-objects/ctk-accepted-jobs', acceptedJobs)).results,
    readFile: (name: string, file: string) => readFileSync(join(alone, name, file), 'utf8'),
    async stop(): Promise<void> {
      await Promise.all([shop.stop(), klaviyo.stop()]);
      rmSync(temporary, { recursive: true });
    },
  };
}

/** How npm reaches its registry from here. */
function networkSettings(): Record<string, string> {
  const wanted = /^(npm_config_(registry|cache|userconfig)|(https?|no)_proxy|node_extra_ca_certs|ssl_cert_file)$/i;
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) => (wanted.test(name) && value ? [[name, value]] : [])),
  );
}
