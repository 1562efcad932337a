/** Starts and stops the sandbox's three processes: both mock APIs and the real service. */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { startOnPort, type usualPorts } from './ports.ts';
import type { ShopAccess } from './shop/actors/shop-api.ts';

const resolvePath = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const listeningMessage = z.object({ url: z.string() });
const startedLogLine = z.object({ msg: z.literal('started'), ports: z.array(z.string()).min(1) });
const logLine = z.object({
  level: z.number(),
  msg: z.string(),
  record: z.object({ typeId: z.string(), id: z.string() }).optional(),
  warning: z.object({ detail: z.string() }).optional(),
  detail: z.string().optional(),
  reason: z.string().optional(),
  reasons: z.array(z.string()).optional(),
});

/** Environment variables of the service. Only URLs and keys differ from a real configuration. */
export type ServiceEnvironment = Record<string, string>;

export interface Processes {
  klaviyoUrl: string;
  shop: ShopAccess;
  serviceUrl: string;
  environment: ServiceEnvironment;
  /** Terminates all processes and waits for their exit. */
  stop(): Promise<void>;
}

export interface ProcessOptions {
  /** Factor on Klaviyo's documented rate limits, or `none`. */
  limits: string;
  /** Whether the service sends the events of carts. */
  carts: boolean;
  /** Of the service and of both mock APIs; a free one where another process listens, or for 0. */
  ports: typeof usualPorts;
  /** Called with each warning or error that the service logs, as one line. */
  onWarning(line: string): void;
}

/** Starts all three. Rejects, after stopping the others, if one does not start. */
export async function startProcesses(options: ProcessOptions): Promise<Processes> {
  const children: ChildProcess[] = [];
  const stop = async () => {
    for (const child of [...children].reverse()) await terminate(child);
  };
  try {
    const [klaviyoUrl, shopUrl] = await Promise.all([
      startMockApi(children, './klaviyo/main.ts', [
        '--limits',
        options.limits,
        '--port',
        String(options.ports.klaviyo),
      ]),
      startMockApi(children, './commercetools/main.ts', ['--port', String(options.ports.commercetools)]),
    ]);
    const shop = {
      url: shopUrl,
      authUrl: shopUrl,
      projectKey: 'shop',
      clientId: 'sandbox-client',
      clientSecret: 'sandbox-secret',
    };
    return await startOnPort(options.ports.dashboard, async (port) => {
      const environment = environmentFor(klaviyoUrl, shop, { port, carts: options.carts });
      const serviceUrl = await startService(children, environment, options.onWarning);
      return { klaviyoUrl, shop, serviceUrl, environment, stop };
    });
  } catch (thrown) {
    await stop();
    throw thrown;
  }
}

/** Runs a `ctk` command and returns its output. Throws if it fails. */
export async function runCommand(environment: ServiceEnvironment, args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, [resolvePath('../src/main.ts'), ...args], {
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  child.stdout.on('data', (data: Buffer) => {
    printed += data.toString();
  });
  child.stderr.on('data', (data: Buffer) => {
    printed += data.toString();
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error(`ctk ${args.join(' ')} failed:\n${printed}`);
  return printed;
}

/** The names of an account that `ctk init` found empty, and ratings; `shop/expected` relies on them. */
const settings = {
  customer: {
    fields: {
      customerGroup: 'Customer Group',
      customerGroups: 'Customer Groups',
      stores: 'Stores',
      customerNumber: 'Customer Number',
      createdAt: 'Account Created',
      isEmailVerified: 'Email Verified',
      dateOfBirth: 'Birthday',
      salutation: 'Salutation',
    },
  },
  order: { properties: { details: true } },
  catalog: { ratings: true },
};

/** By subscription, so that the effect of each step shows at once. */
const cartSettings = {
  enabled: true,
  watch: 'subscription',
  url: 'https://shop.example/{{language}}/cart/restore/{{token}}',
};

function environmentFor(
  klaviyoUrl: string,
  shop: ShopAccess,
  { port, carts }: { port: number; carts: boolean },
): ServiceEnvironment {
  return {
    PATH: process.env.PATH ?? '',
    KLAVIYO_API_URL: klaviyoUrl,
    KLAVIYO_AUTH_KEY: 'pk_sandbox',
    CT_API_URL: shop.url,
    CT_AUTH_URL: shop.authUrl,
    CT_PROJECT_ID: shop.projectKey,
    CT_API_CLIENT: JSON.stringify({ clientId: shop.clientId, secret: shop.clientSecret }),
    CTK_ENVIRONMENT: 'sandbox',
    HOST: '127.0.0.1',
    PORT: String(port),
    PREFERRED_LOCALE: 'en',
    PREFERRED_CURRENCY: 'EUR',
    PRODUCT_URL_TEMPLATE: 'https://shop.example/p/{{productSlug}}',
    NODE_CONFIG: JSON.stringify(carts ? { ...settings, carts: cartSettings } : settings),
    ...(carts ? { CART_LINK_SECRET: 'the secret of the sandbox' } : {}),
  };
}

function startMockApi(children: ChildProcess[], main: string, args: string[]): Promise<string> {
  const child = fork(resolvePath(main), args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  children.push(child);
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`${main} ended with code ${code} before it listened`)));
    child.once('message', (message) => resolve(listeningMessage.parse(message).url));
  });
}

/** Starts `ctk serve` and returns its URL, which it logs. */
function startService(
  children: ChildProcess[],
  environment: ServiceEnvironment,
  onWarning: (line: string) => void,
): Promise<string> {
  const child = spawn(process.execPath, [resolvePath('../src/main.ts'), 'serve'], {
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  return new Promise((resolve, reject) => {
    let stderr = '';
    child.stderr.on('data', (data: Buffer) => {
      stderr += data.toString();
    });
    child.once('exit', (code) =>
      reject(new Error(`the service ended with code ${code} before it listened:\n${stderr}`)),
    );
    let rest = '';
    child.stdout.on('data', (data: Buffer) => {
      const lines = (rest + data.toString()).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const up = startedLogLine.safeParse(parse(line));
        if (up.success) resolve(up.data.ports[0] ?? '');
        else for (const warning of warningsOf(line)) onWarning(warning);
      }
    });
  });
}

const warnLevel = 40;

/** Returns the warning in a log line as text; empty for other lines. */
function warningsOf(line: string): string[] {
  const parsed = logLine.safeParse(parse(line));
  if (!parsed.success || parsed.data.level < warnLevel) return [];
  const { msg, record, warning, detail, reason, reasons = [] } = parsed.data;
  const subject = record ? `${record.typeId} ${record.id}: ` : '';
  return [`${subject}${warning?.detail ?? detail ?? reason ?? (reasons.join(', ') || msg)}`];
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

const killAfterMs = 30_000;

async function terminate(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const killTimer = setTimeout(() => child.kill('SIGKILL'), killAfterMs);
  await ended;
  clearTimeout(killTimer);
}
