/** `ctk sync`: runs a sync in this process and shows its progress. */

import { setTimeout as sleep } from 'node:timers/promises';
import { Argument, type Command } from 'commander';
import { type Components, createComponents } from '../../app/components.ts';
import { countOf } from '../../commercetools/pagination.ts';
import { type BulkResource, bulkResources } from '../../commercetools/schemas.ts';
import { describeFlowCount } from '../../engine/runs/flow-confirmation.ts';
import { hasEnded, type Run } from '../../engine/runs/run.ts';
import {
  becomesEvents,
  parseSyncRequest,
  type SyncCommand,
  type SyncRequest,
  startSync,
} from '../../engine/runs/run-request.ts';
import { totalOfRequest } from '../../engine/runs/run-total.ts';
import { messageOf } from '../../lib/errors.ts';
import { nextSignal } from '../next-signal.ts';
import { getConfirmation } from '../output/confirmation.ts';
import { createLog } from '../output/log.ts';
import { createProgress, progressLine } from '../output/progress.ts';
import { CommandError, type ExitState, silent, type Terminal } from '../output/terminal.ts';
import { loadConfig } from '../with-services.ts';

export function define(command: Command, terminal: Terminal, exitState: ExitState): void {
  const resource = new Argument('<resource>', 'what is synced');
  // Set for the help only, because the error for other resources is our own.
  resource.argChoices = [...bulkResources];
  command
    .addArgument(resource)
    .option('--ids <ids>', 'only these, comma-separated')
    .option('--start-id <id>', 'orders only: from this id on, in id order')
    .option('--since <time>', 'only what changed since: ISO 8601, or `last` for when the last complete sync began')
    .option('--resume', 'go on from where the last sync was stopped')
    .option('--delete-all', 'categories and products only: delete all of them in Klaviyo')
    .option('--confirm <resource>', 'goes with --delete-all: repeat the resource')
    .option('--force', 'force update: also write unchanged records')
    .option('--keep-stock', 'products only: leave the quantity of variants that Klaviyo has as it is')
    .option(
      '--no-backfill',
      'orders and carts only: let the events trigger flows (a repair of missed orders); asks before',
    )
    .option('-y, --yes', 'let the events trigger flows without asking')
    .option('--json', 'no progress; the run as it ended, as JSON')
    .action(async (name: string, options: SyncOptions & { json?: true }, command: Command) => {
      const resource = bulkResources.find((known) => known === name);
      if (!resource)
        return command.error(`error: there is no resource ${name}; take one of ${bulkResources.join(', ')}`);
      const config = loadConfig();
      const components = createComponents(config, await createLog(quietLevel(config.logLevel), terminal), {
        claim: 'own',
      });
      const [interrupted, ended] = [new AbortController(), new AbortController()];
      void nextSignal(ended.signal).then(() => interrupted.abort());
      const output = options.json ? silent(terminal) : terminal;
      let run: Run;
      try {
        await components.trace();
        run = await sync(components, { resource, options, signal: interrupted.signal, terminal: output });
      } finally {
        await components.stop();
        ended.abort();
      }
      if (options.json) terminal.json(run);
      exitState.code = run.state === 'completed' ? 0 : 1;
    });
}

/** Hides the run's log lines, because the progress shows the same. */
function quietLevel(level: string): string {
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
  keepStock?: boolean;
  yes?: boolean;
}

export interface SyncInput {
  resource: BulkResource;
  options: SyncOptions;
  /** Aborted by Ctrl-C: stops the run cleanly. */
  signal: AbortSignal;
  terminal: Terminal;
}

const refreshMs = 200;
/** Added to the lease time when waiting for a dead process. */
const graceMs = 1_000;

/** @throws CommandError if the options are invalid or the run can't be started */
export async function sync(components: Components, input: SyncInput): Promise<Run> {
  const { resource, options, signal, terminal } = input;
  const command = parseOptions(resource, options);
  const total = await totalOfRequest(
    (counted) => countOf(components.commercetools, counted),
    resource,
    command.type === 'start' ? command.request : {},
  );
  components.runs.open();
  let run = await start(components, input, command);
  const progress = await createProgress(terminal);
  // If the store is unavailable, the run continues; a second Ctrl-C ends the process.
  const stop = () =>
    components.runs.stop(resource).catch((thrown: unknown) => {
      terminal.problem(`the sync of ${resource} can't be stopped now: ${messageOf(thrown)}`);
    });
  signal.addEventListener('abort', stop, { once: true });
  // Ctrl-C while the run was being queued.
  if (signal.aborted) await stop();
  while (!hasEnded(run)) {
    progress.show(run, total);
    await sleep(refreshMs);
    run = (await components.runs.get(run.id)) ?? run;
  }
  progress.show(run, total);
  progress.end();
  await components.settled();
  report(run, terminal);
  return run;
}

/** Starts the run. If a dead process left one running, waits until that run's lease has expired. */
async function start(components: Components, input: SyncInput, command: ValidCommand): Promise<Run> {
  const { resource, signal, terminal } = input;
  const deadline = performance.now() + components.leaseMs + graceMs;
  let isConfirmed = input.options.yes === true;
  for (let attempt = 0; ; attempt += 1) {
    const result = await startSync(components.runs, resource, { command, by: 'cli', isConfirmed });
    if ('started' in result) return result.started;
    if ('refused' in result) throw new CommandError(result.refused);
    if ('unconfirmed' in result) {
      const consequence = describeFlowCount(resource, result.unconfirmed);
      await getConfirmation({ consequence, name: resource, yes: isConfirmed }, terminal);
      isConfirmed = true;
      continue;
    }
    const { id, counts } = result.running;
    const running = `a sync of ${resource} is running already: ${id}, ${counts.read} read`;
    if (result.alive || performance.now() > deadline || signal.aborted) throw new CommandError(running);
    if (attempt === 0) terminal.line(`${running}; waiting for a sign of life from its process`);
    await sleep(refreshMs);
  }
}

type ValidCommand = Exclude<SyncCommand, { type: 'invalid' }>;

const optionNames: Record<keyof SyncRequest, string> = {
  ids: '--ids',
  startId: '--start-id',
  since: '--since',
  resume: '--resume',
  deleteAll: '--delete-all',
  confirmDeletion: '--confirm',
  backfill: '--no-backfill',
  force: '--force',
  keepStock: '--keep-stock',
};

function parseOptions(resource: BulkResource, options: SyncOptions): ValidCommand {
  const { startId, since, resume, deleteAll, confirm: confirmDeletion, force, keepStock } = options;
  const ids = options.ids
    ?.split(',')
    .map((id) => id.trim())
    .filter((id) => id !== '');
  if (ids?.length === 0) throw new CommandError('--ids is empty; leave it out to sync everything');
  // Commander sets it to true if --no-backfill is absent, also where it does not apply.
  const backfill = becomesEvents(resource) && !resume ? options.backfill : undefined;
  const request = { ids, startId, since, resume, deleteAll, confirmDeletion, backfill, force, keepStock };
  const command = parseSyncRequest(resource, request, (option) => optionNames[option]);
  if (command.type === 'invalid') throw new CommandError(command.problem);
  return command;
}

function report(run: Run, terminal: Terminal): void {
  if (terminal.interactive) terminal.line(progressLine(run, undefined));
  if (run.counts.raisedFromZero) terminal.line(`  ${risesFromZero(run)}`);
  if (run.counts.unsetProperties)
    terminal.line(
      `  ${run.counts.unsetProperties} properties of removed custom fields were unset (customer.clearInBulk)`,
    );
  for (const [reason, count] of Object.entries(run.counts.reasons)) terminal.line(`  ${count} × ${reason}`);
}

function risesFromZero({ counts, request }: Run): string {
  const skus = `${counts.raisedFromZero} sku${counts.raisedFromZero === 1 ? '' : 's'}`;
  if (request.keepStock) return `${skus} would rise from a stock of 0, which was left as it is (--keep-stock)`;
  return `${skus} rose from a stock of 0, for which Klaviyo sends back-in-stock messages`;
}
