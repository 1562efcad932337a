/** Footprint of the service before any load: CPU and modules until `/health` answers, memory, installed packages. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { compiled } from './compiled.ts';
import { containerEnvironment, containerFlags } from './container.ts';
import { type Figures, median, round } from './measure.ts';
import { customerChanged } from './messages.ts';
import { start } from './processes.ts';
import type { Scenario } from './scenario.ts';

/** The folder of this revision. */
export const ownRoot = fileURLToPath(new URL('../', import.meta.url));
const preload = new URL('report-modules.ts', import.meta.url).href;
const bareImports = fileURLToPath(new URL('bare-imports.ts', import.meta.url));

interface Footprint {
  cpuSeconds: number;
  rssBytes: number;
  modules: number;
}

const reportShape = z.object({ cpuSeconds: z.number(), rssBytes: z.number(), modules: z.number() });
const startedLine = z.object({ msg: z.literal('started'), ports: z.tuple([z.string()]) });
/** The heap settles, and the report is taken. */
const settleMs = 1_000;
/** Until the service has returned what the start left: src/lib/idle-collection.ts. */
const returnedMs = 35_000;

/** Placeholders: the service starts without its APIs. */
const environment = {
  KLAVIYO_API_URL: 'http://127.0.0.1:9',
  KLAVIYO_AUTH_KEY: 'pk_bench',
  CT_API_URL: 'http://127.0.0.1:9',
  CT_AUTH_URL: 'http://127.0.0.1:9',
  CT_PROJECT_ID: 'shop',
  CT_API_CLIENT: JSON.stringify({ clientId: 'bench', secret: 'bench' }),
  HOST: '127.0.0.1',
  PORT: '0',
  STORE: 'memory',
  NODE_CONFIG_DIR: '/nowhere',
  NODE_ENV: 'production',
};

/** Starts the service of a folder, or the bare imports, and ends it once it was measured. */
async function whileStarted<Result>(
  args: readonly string[],
  { cwd, env = {} }: { cwd: string; env?: Record<string, string> },
  measure: (child: ChildProcess, url: string) => Promise<Result>,
): Promise<Result> {
  const child = spawn(process.execPath, args, {
    cwd,
    env: { PATH: process.env.PATH, ...containerEnvironment, ...environment, ...env },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  try {
    if (!child.stdout) throw new Error('no output');
    let url = '';
    for await (const line of createInterface({ input: child.stdout })) {
      const started = startedLine.safeParse(parsed(line));
      if (!started.success) continue;
      [url] = started.data.ports;
      if (url !== '') await fetch(`${url}/health`);
      break;
    }
    return await measure(child, url);
  } finally {
    child.kill('SIGKILL');
  }
}

async function footprintOf(args: readonly string[], cwd: string): Promise<Footprint> {
  return whileStarted(['--import', preload, ...args], { cwd }, async (child) => {
    await sleep(settleMs);
    const reported = new Promise((resolve) => child.once('message', resolve));
    child.send('footprint');
    return reportShape.parse(await reported);
  });
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

const serviceIn = (root: string) => footprintOf([join(root, 'src/main.ts'), 'serve'], root);

/** Runs the starts by turns, so that what else the machine does weighs on both, and returns the medians of each. */
async function byTurns(rounds: number, starts: readonly (() => Promise<Footprint>)[]): Promise<Footprint[]> {
  const all = starts.map((): Footprint[] => []);
  for (let round = 0; round < rounds; round += 1)
    for (const [index, start] of starts.entries()) all[index]?.push(await start());
  return all.map((measured) => ({
    cpuSeconds: median(measured.map(({ cpuSeconds }) => cpuSeconds)),
    rssBytes: median(measured.map(({ rssBytes }) => rssBytes)),
    modules: median(measured.map(({ modules }) => modules)),
  }));
}

async function startAndIdle(quick: boolean): Promise<Record<string, Figures>> {
  const bare = () => footprintOf([bareImports], ownRoot);
  const [service, imports] = await byTurns(quick ? 1 : 5, [() => serviceIn(ownRoot), bare]);
  if (!service || !imports) throw new Error('nothing was measured');
  return {
    ...(quick ? {} : await idleMemory()),
    'start and idle, from source': {
      modules: service.modules,
      'CPU s': round(service.cpuSeconds),
      'CPU ÷ bare imports': round(service.cpuSeconds / imports.cpuSeconds),
      'idle MB': Math.round(service.rssBytes / 1e6),
      'idle MB ÷ bare imports': round(service.rssBytes / imports.rssBytes),
    },
  };
}

/** Measures what the image and the package run, from outside: a preloaded module would need memory itself. */
async function idleMemory(): Promise<Record<string, Figures>> {
  const size = { customers: 1_000, orders: 0, products: 0 };
  const klaviyo = await start('fakes/klaviyo.ts', [JSON.stringify({ limits: 1, jobMs: 500 })]);
  const shop = await start('fakes/shop.ts', [JSON.stringify({ ...size, pageMs: 0 })]);
  const own = { KLAVIYO_API_URL: klaviyo.url, CT_API_URL: shop.url, CT_AUTH_URL: shop.url };
  try {
    return await whileStarted(
      [...containerFlags(), compiled('src/main.ts'), 'serve'],
      { cwd: ownRoot, env: own },
      async ({ pid }, url) => {
        await sleep(returnedMs);
        const idleMb = residentMb(pid);
        const headers = { 'content-type': 'application/json' };
        const answer = await fetch(url, { method: 'POST', headers, body: customerChanged(1, size) });
        if (answer.status !== 204) throw new Error(`the customer was answered ${answer.status}`);
        await sleep(returnedMs);
        return { 'idle, compiled': { 'idle MB': idleMb, 'MB after a customer': residentMb(pid) } };
      },
    );
  } finally {
    await Promise.all([klaviyo.stop(), shop.stop()]);
  }
}

function residentMb(pid: number | undefined): number {
  const kibibytes = Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' }));
  return Math.round((kibibytes * 1_024) / 1e6);
}

/** Compares start and idle memory with another revision's folder; a ratio below 1 is an improvement. */
export async function compareStart(root: string, rounds: number): Promise<Figures> {
  const [own, base] = await byTurns(rounds, [() => serviceIn(ownRoot), () => serviceIn(root)]);
  if (!own || !base) throw new Error('nothing was measured');
  return {
    modules: `${own.modules} against ${base.modules}`,
    'CPU ratio': round(own.cpuSeconds / base.cpuSeconds),
    'idle MB ratio': round(own.rssBytes / base.rssBytes),
  };
}

const lockShape = z.object({
  packages: z.record(z.string(), z.object({ dev: z.boolean().optional() })),
});

/** Counts what `npm ci --omit=dev` installs. */
async function packages(): Promise<Record<string, Figures>> {
  const lock = lockShape.parse(JSON.parse(readFileSync(join(ownRoot, 'package-lock.json'), 'utf8')));
  const installed = Object.entries(lock.packages).filter(
    ([path, { dev }]) => path !== '' && !dev && existsSync(join(ownRoot, path)),
  );
  const bytes = installed.reduce((sum, [path]) => sum + bytesOf(join(ownRoot, path)), 0);
  return { 'production packages': { packages: installed.length, MB: Math.round(bytes / 1e6) } };
}

/** Bytes on disk of a package, without the packages below it, which the lock lists themselves. */
function bytesOf(folder: string): number {
  return readdirSync(folder, { withFileTypes: true }).reduce((sum, entry) => {
    if (entry.name === 'node_modules' || entry.isSymbolicLink()) return sum;
    const path = join(folder, entry.name);
    return sum + (entry.isDirectory() ? bytesOf(path) : statSync(path).blocks * 512);
  }, 0);
}

export const footprint: Record<string, Scenario> = {
  start: {
    run: startAndIdle,
    bounds: [
      { figure: 'modules', max: 920 },
      { figure: 'CPU ÷ bare imports', max: 4 },
      { figure: 'idle MB ÷ bare imports', max: 2 },
      { figure: 'MB after a customer', max: 125 },
    ],
  },
  packages: {
    run: packages,
    bounds: [
      { figure: 'packages', max: 180 },
      { figure: 'MB', max: 105 },
    ],
  },
};
