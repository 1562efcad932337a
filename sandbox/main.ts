/**
 * `npm run sandbox`: local sandbox with demo data. Starts both mock APIs and the real service, loads demo data, syncs
 * it in bulk, then simulates live activity. With --once it runs a fixed number of steps and compares the expected with
 * the actual Klaviyo state.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import picocolors from 'picocolors';
import { z } from 'zod';
import { differenceLines, tableLines } from './comparison-report.ts';
import { readSandboxEnvironment, writeSandboxEnvironment } from './env-file.ts';
import { switchFault } from './fault-command.ts';
import { namedFaults } from './klaviyo/named-faults.ts';
import { type SandboxOptions, withSandboxOptions } from './options.ts';
import { usualPorts } from './ports.ts';
import { type Processes, runCommand, startProcesses } from './processes.ts';
import { compare } from './shop/expected/compare.ts';
import { makeShop } from './shop/seed/seed.ts';
import { fetchJson, simulate, waitUntilIdle } from './simulate.ts';
import { createSyncProgress, hasEnded, runSchema, type SyncRun } from './sync-progress.ts';

const interactive = process.stdout.isTTY === true;
const colors = picocolors.createColors(interactive && picocolors.isColorSupported);
const print = (line: string) => void process.stdout.write(`${line}\n`);

const program = withSandboxOptions(new Command('ctk sandbox')).action(async (options: SandboxOptions) => {
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  // Sent to a group of processes, it arrives here twice: from the sender and from ctk.
  process.on('SIGTERM', () => stop.abort());
  const notes = createNotes();
  const processes = await startProcesses({
    limits: options.limits,
    carts: options.carts === true,
    ports:
      options.port === 0 ? { dashboard: 0, klaviyo: 0, commercetools: 0 } : { ...usualPorts, dashboard: options.port },
    onWarning: notes.add,
  });
  printUrls(processes);
  notes.show();
  const removeEnvironment = options.once ? undefined : writeSandboxEnvironment(processes.environment);
  try {
    process.exitCode = await run(processes, options, stop.signal);
  } catch (thrown) {
    // Ctrl-C stops all processes at once, so requests in flight fail.
    if (!stop.signal.aborted) throw thrown;
  } finally {
    removeEnvironment?.();
    await processes.stop();
  }
});

/** What the service warns of at its start is shown below the URLs. */
function createNotes() {
  const early: string[] = [];
  const note = (line: string) => print(colors.dim(`note: ${line}`));
  let add = (line: string) => void early.push(line);
  return {
    add: (line: string) => add(line),
    show() {
      add = note;
      early.forEach(note);
    },
  };
}

async function run(processes: Processes, options: SandboxOptions, signal: AbortSignal): Promise<0 | 1> {
  await loadDemoData(processes, options);
  await subscribe(processes);
  await syncAll(processes, signal);
  print(colors.bold('\nLive activity'));
  const journal = await simulate(processes, {
    seed: options.seed,
    carts: options.carts === true,
    pauseMs: options.once ? 0 : options.pause,
    ...(options.once ? { steps: options.steps } : {}),
    signal,
    onLine: (line) => print(`${colors.dim(new Date().toISOString().slice(11, 19))} ${line}`),
  });
  if (!options.once || signal.aborted) return 0;
  await waitUntilIdle(processes, signal);
  const { rows, differences } = await compare(processes.shop, processes.klaviyoUrl, {
    journal,
    carts: options.carts === true,
  });
  print(colors.bold('\nExpected vs. actual'));
  for (const line of [...tableLines(rows), ...differenceLines(differences)]) print(line);
  return differences.length === 0 && rows.every(({ ok }) => ok) ? 0 : 1;
}

async function loadDemoData({ shop }: Processes, { seed, customers, orders, products }: SandboxOptions): Promise<void> {
  const counts: string[] = [];
  for (const [typeId, records] of makeShop({ seed, customers, orders, products })) {
    await fetchJson(`${shop.url}/sandbox/records`, post({ typeId, records }));
    counts.push(`${records.length} × ${typeId}`);
  }
  print(`${colors.bold('Demo data')}: ${counts.join(', ')}`);
}

/** Binds a topic that pushes to the service, and runs `ctk subscriptions apply`. */
async function subscribe({ shop, serviceUrl, environment }: Processes): Promise<void> {
  const topic = 'projects/sandbox/topics/commercetools';
  const binding = { ...post({ pushEndpoint: `${serviceUrl}/` }), method: 'PUT' };
  await fetchJson(`${shop.url}/sandbox/pubsub/topics/sandbox/commercetools`, binding);
  print(colors.bold(`\nctk subscriptions apply --pubsub ${topic}`));
  print((await runCommand(environment, ['subscriptions', 'apply', '--pubsub', topic])).trimEnd());
}

function printUrls({ serviceUrl, klaviyoUrl, shop }: Processes): void {
  print(colors.bold('URLs'));
  print(`  dashboard      ${serviceUrl}/`);
  print(`  Klaviyo        ${klaviyoUrl}/`);
  print(`  commercetools  ${shop.url}/sandbox/state\n`);
}

const startedRun = z.object({ run: runSchema });
const status = z.object({ running: z.array(runSchema), ended: z.array(runSchema) });
const refreshMs = 250;

/** Syncs categories and products before customers and orders, because orders refer to them. */
async function syncAll(processes: Processes, signal: AbortSignal): Promise<void> {
  print(colors.bold('\nBulk syncs'));
  for (const resources of [
    ['categories', 'products'],
    ['customers', 'orders'],
  ] as const) {
    const runs: SyncRun[] = [];
    for (const resource of resources) {
      runs.push(startedRun.parse(await fetchJson(`${processes.serviceUrl}/sync/${resource}`, { method: 'POST' })).run);
    }
    await showProgress(processes, new Set(runs.map(({ id }) => id)), signal);
  }
}

async function showProgress(
  { serviceUrl, shop }: Processes,
  ids: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<void> {
  const progress = createSyncProgress(interactive, print);
  const totals = await totalsOf(shop.url);
  for (;;) {
    const response = status.parse(await fetchJson(`${serviceUrl}/sync`));
    const current = [...response.running, ...response.ended].filter(({ id }) => ids.has(id));
    for (const run of current) progress.show(run, totals[run.resource]);
    if (signal.aborted || current.every(hasEnded)) break;
    await sleep(refreshMs);
  }
  progress.end();
}

const records = z.object({ records: z.record(z.string(), z.number()) });

async function totalsOf(shopUrl: string): Promise<Record<SyncRun['resource'], number | undefined>> {
  const counts = records.parse(await fetchJson(`${shopUrl}/sandbox/state`)).records;
  return {
    customers: counts.customer,
    orders: counts.order,
    categories: counts.category,
    products: counts.product,
  };
}

function post(body: unknown): RequestInit {
  return { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

program
  .command('fault')
  .description('start a fault of the running sandbox by name, or end it')
  .argument('[name]', `one of ${Object.keys(namedFaults).join(', ')}; without a name all are listed`)
  .option('--end', 'end it')
  .action(async (name: string | undefined, { end }: { end?: true }) => {
    for (const line of await switchFault(readSandboxEnvironment().KLAVIYO_API_URL ?? '', name, end === true))
      print(line);
  });

await program.parseAsync().catch((thrown: unknown) => {
  process.stderr.write(`${thrown instanceof Error ? thrown.message : String(thrown)}\n`);
  process.exitCode = 1;
});
