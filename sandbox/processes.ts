/** The sandbox's three processes: both pretended APIs and the real service, with its real configuration path. */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { ShopAccess } from './shop/actors/shop-api.ts';

const folder = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const announced = z.object({ url: z.string() });
const started = z.object({ msg: z.literal('started'), ports: z.array(z.string()).min(1) });
const logLine = z.object({
  level: z.number(),
  msg: z.string(),
  record: z.object({ typeId: z.string(), id: z.string() }).optional(),
  warning: z.object({ detail: z.string() }).optional(),
  detail: z.string().optional(),
  reason: z.string().optional(),
  reasons: z.array(z.string()).optional(),
});

/** Only URLs and keys differ from a real shop's configuration. */
export type Environment = Record<string, string>;

export interface Processes {
  klaviyoUrl: string;
  shop: ShopAccess;
  serviceUrl: string;
  environment: Environment;
  /** Asks each to end, and waits. */
  stop(): Promise<void>;
}

export interface ProcessOptions {
  /** Part of Klaviyo's documented rate limits that holds, or `none`. */
  limits: string;
  /** The service's port; 0: any free one. */
  port: number;
  /** A warning or an error that the service logged, as one line. */
  onTrouble(line: string): void;
}

/** Starts all three; rejects, with nothing left running, when one of them does not come up. */
export async function startProcesses(options: ProcessOptions): Promise<Processes> {
  const children: ChildProcess[] = [];
  const stop = async () => {
    for (const child of [...children].reverse()) await end(child);
  };
  try {
    const [klaviyoUrl, shopUrl] = await Promise.all([
      pretend(children, './klaviyo/main.ts', ['--limits', options.limits]),
      pretend(children, './commercetools/main.ts', []),
    ]);
    const shop = {
      url: shopUrl,
      authUrl: shopUrl,
      projectKey: 'shop',
      clientId: 'sandbox-client',
      clientSecret: 'sandbox-secret',
    };
    const environment = environmentFor(klaviyoUrl, shop, options.port);
    const serviceUrl = await serve(children, environment, options.onTrouble);
    return { klaviyoUrl, shop, serviceUrl, environment, stop };
  } catch (thrown) {
    await stop();
    throw thrown;
  }
}

/** Runs `ctk` to its end, as a user would type it; @returns what it printed. Throws where it fails. */
export async function runCommand(environment: Environment, args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, [folder('../src/main.ts'), ...args], {
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

function environmentFor(klaviyoUrl: string, shop: ShopAccess, port: number): Environment {
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
  };
}

function pretend(children: ChildProcess[], main: string, args: string[]): Promise<string> {
  const child = fork(folder(main), args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  children.push(child);
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`${main} ended with code ${code} before it listened`)));
    child.once('message', (message) => resolve(announced.parse(message).url));
  });
}

/** `ctk serve` tells in its log where it listens. */
function serve(children: ChildProcess[], environment: Environment, onTrouble: (line: string) => void): Promise<string> {
  const child = spawn(process.execPath, [folder('../src/main.ts'), 'serve'], {
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  return new Promise((resolve, reject) => {
    let said = '';
    child.stderr.on('data', (data: Buffer) => {
      said += data.toString();
    });
    child.once('exit', (code) => reject(new Error(`the service ended with code ${code} before it listened:\n${said}`)));
    let rest = '';
    child.stdout.on('data', (data: Buffer) => {
      const lines = (rest + data.toString()).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const up = started.safeParse(parse(line));
        if (up.success) resolve(up.data.ports[0] ?? '');
        else for (const trouble of troublesOf(line)) onTrouble(trouble);
      }
    });
  });
}

const warnLevel = 40;

/** What a line of the log warns of, for a person; nothing for other lines. */
function troublesOf(line: string): string[] {
  const parsed = logLine.safeParse(parse(line));
  if (!parsed.success || parsed.data.level < warnLevel) return [];
  const { msg, record, warning, detail, reason, reasons = [] } = parsed.data;
  const about = record ? `${record.typeId} ${record.id}: ` : '';
  return [`${about}${warning?.detail ?? detail ?? reason ?? (reasons.join(', ') || msg)}`];
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

const patienceMs = 30_000;

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const late = setTimeout(() => child.kill('SIGKILL'), patienceMs);
  await ended;
  clearTimeout(late);
}
