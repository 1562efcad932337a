/** `ctk sync`: a bulk sync from the terminal. */

import { setTimeout as sleep } from 'node:timers/promises';
import { Argument, type Command } from 'commander';
import { type Components, createComponents } from '../../app/components.ts';
import { countOf } from '../../commercetools/count.ts';
import { type BulkResource, bulkResources } from '../../commercetools/schemas.ts';
import { hasEnded, type Run, type RunRequest } from '../../engine/runs/run.ts';
import { nextSignal } from '../next-signal.ts';
import { createLog } from '../output/log.ts';
import { createProgress, progressLine } from '../output/progress.ts';
import { CommandFailed, type Ran, silent, type Terminal } from '../output/terminal.ts';
import { configured } from '../with-services.ts';

export function addSync(program: Command, terminal: Terminal, ran: Ran): void {
  const resource = new Argument('<resource>', 'what is synced');
  // Only said: what else is typed is answered in our own words.
  resource.argChoices = [...bulkResources];
  program
    .command('sync')
    .description('sync all of a resource, or some of it, and show how far it is')
    .addArgument(resource)
    .option('--ids <ids>', 'only these, parted by commas')
    .option('--start-id <id>', 'orders only: from this id on, in id order')
    .option('--since <time>', 'only what changed since: ISO 8601, or `last` for when the last complete sync began')
    .option('--resume', 'go on from where the last sync was stopped')
    .option('--delete-all', 'categories and products only: delete all of them in Klaviyo')
    .option('--confirm <resource>', 'goes with --delete-all: repeat the resource')
    .option('--force', 'write also what Klaviyo holds already')
    .option('--no-backfill', 'orders only: let the events wake flows (a repair of missed orders)')
    .option('--json', 'no progress; the run as it ended, as JSON')
    .action(async (name: string, options: SyncOptions & { json?: true }, command: Command) => {
      const resource = bulkResources.find((one) => one === name);
      if (!resource)
        return command.error(`error: there is no resource ${name}; take one of ${bulkResources.join(', ')}`);
      const config = configured();
      const app = createComponents(config, createLog(quieter(config.logLevel), terminal), { claim: 'own' });
      const stopped = new AbortController();
      void nextSignal().then(() => stopped.abort());
      await app.trace();
      const shown = options.json ? silent(terminal) : terminal;
      const run = await sync(app, { resource, options, signal: stopped.signal, terminal: shown });
      await app.stop();
      if (options.json) terminal.json(run);
      ran.code = run.state === 'completed' ? 0 : 1;
    });
}

/** The progress bar shows what the log of a run would. */
function quieter(level: string): string {
  return level === 'info' ? 'error' : level;
}

export interface SyncOptions {
  ids?: string;
  startId?: string;
  since?: string;
  resume?: boolean;
  deleteAll?: boolean;
  confirm?: string;
  backfill: boolean;
  force?: boolean;
}

export interface Asked {
  resource: BulkResource;
  options: SyncOptions;
  signal: AbortSignal;
  terminal: Terminal;
}

const refreshMs = 200;
const graceMs = 1_000;

/**
 * @param signal Ctrl-C: stops the run cleanly
 * @returns the run as it ended
 * @throws CommandFailed where the options don't go together
 */
export async function sync(app: Components, asked: Asked): Promise<Run> {
  const { resource, options, signal, terminal } = asked;
  const request = requestOf(resource, options);
  const isPart = request.deleteAll || request.startId !== undefined || request.since !== undefined;
  const total = request.ids?.length ?? (isPart ? undefined : await countOf(app.commercetools, resource));
  app.runs.open();
  let run = await begin(app, asked, request);
  const progress = createProgress(terminal);
  // Where the store can't be asked the run goes on; a second Ctrl-C ends the process.
  const stop = () =>
    app.runs.stop(resource).catch((thrown: unknown) => {
      const why = thrown instanceof Error ? thrown.message : 'unknown';
      terminal.problem(`the sync of ${resource} can't be stopped now: ${why}`);
    });
  signal.addEventListener('abort', stop, { once: true });
  // Ctrl-C while the run was being queued.
  if (signal.aborted) await stop();
  while (!hasEnded(run)) {
    progress.show(run, total);
    await sleep(refreshMs);
    run = (await app.runs.get(run.id)) ?? run;
  }
  progress.show(run, total);
  progress.end();
  await app.settled();
  report(run, terminal);
  return run;
}

/** Where a command before this one died its run stands still: after the time of its lease this one begins. */
async function begin(
  app: Components,
  { resource, options, signal, terminal }: Asked,
  request: RunRequest,
): Promise<Run> {
  const { runs } = app;
  const deadline = performance.now() + app.leaseMs + graceMs;
  for (let tried = 0; ; tried += 1) {
    const answer = await (options.resume ? runs.resume(resource, 'cli') : runs.start(resource, request, 'cli'));
    if ('started' in answer) return answer.started;
    if ('refused' in answer) throw new CommandFailed(answer.refused);
    const { id, counts } = answer.running;
    const running = `a sync of ${resource} is running already: ${id}, ${counts.read} read`;
    if (answer.alive || performance.now() > deadline || signal.aborted) throw new CommandFailed(running);
    if (tried === 0) terminal.line(`${running}; waiting for a sign of life from its process`);
    await sleep(refreshMs);
  }
}

function requestOf(resource: BulkResource, options: SyncOptions): RunRequest {
  const ids = options.ids
    ?.split(',')
    .map((id) => id.trim())
    .filter((id) => id !== '');
  if (ids?.length === 0) throw new CommandFailed('--ids is empty; leave it out to sync everything');
  if (options.startId !== undefined && resource !== 'orders')
    throw new CommandFailed('--start-id: only orders can be synced from an id on');
  const since = options.since === undefined ? {} : { since: options.since };
  if (options.resume && (ids || options.startId !== undefined || options.since !== undefined || options.deleteAll))
    throw new CommandFailed('--resume goes on with what was asked for; give nothing else');
  if (options.deleteAll) {
    if (resource !== 'categories' && resource !== 'products')
      throw new CommandFailed('--delete-all: only categories and products can be deleted in Klaviyo');
    if (options.confirm !== resource)
      throw new CommandFailed(
        `--delete-all deletes all ${resource} in Klaviyo, also those from elsewhere: confirm with --confirm ${resource}`,
      );
    return { deleteAll: true, ...since };
  }
  return {
    ...(ids ? { ids: [...new Set(ids)] } : {}),
    ...(options.startId === undefined ? {} : { startId: options.startId }),
    ...since,
    ...(resource === 'orders' ? { backfill: options.backfill } : {}),
    ...(options.force ? { force: true } : {}),
  };
}

function report(run: Run, terminal: Terminal): void {
  if (terminal.interactive) terminal.line(progressLine(run, undefined));
  for (const [reason, times] of Object.entries(run.counts.reasons)) terminal.line(`  ${times} × ${reason}`);
}
