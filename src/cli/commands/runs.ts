/** `ctk runs`: bulk syncs listed, shown and stopped. */

import { setTimeout as sleep } from 'node:timers/promises';
import { Argument, type Command } from 'commander';
import type { Components } from '../../app/components.ts';
import { type BulkResource, bulkResources } from '../../commercetools/schemas.ts';
import { hasEnded, type Run } from '../../engine/runs/run.ts';
import { CommandFailed, type Ran, type Terminal } from '../output/terminal.ts';
import { withComponents } from '../with-services.ts';

/** Works on the store itself: no service needs to run. */
export function addRuns(program: Command, terminal: Terminal, ran: Ran): void {
  const runs = program
    .command('runs')
    .description('bulk syncs, wherever they are worked off: how far, and how they ended');
  runs
    .command('list')
    .description('those that run or wait, then those that ended, the latest first')
    .addArgument(new Argument('[resource]', 'only those of this resource').choices(bulkResources))
    .option('--json', 'a list of all that is known of each')
    .action((resource: BulkResource | undefined, options: { json?: true }) =>
      withComponents((app) => listRuns({ app, terminal }, resource, options)),
    );
  runs
    .command('show')
    .description('one run: its counts, what was skipped or refused and why, what it waits for')
    .argument('<id>', 'as list shows it')
    .option('--json', 'all that is known of it')
    .action((id: string, options: { json?: true }) => withComponents((app) => showRun({ app, terminal }, id, options)));
  runs
    .command('stop')
    .description('stop the sync of a resource, in whichever process; ctk sync --resume goes on from there')
    .addArgument(new Argument('<resource>', 'what is synced').choices(bulkResources))
    .action(async (resource: BulkResource) => {
      ran.code = (await withComponents((app) => stopRun({ app, terminal }, resource))) ? 0 : 1;
    });
}

export interface RunParts {
  app: Pick<Components, 'runs' | 'leaseMs'>;
  terminal: Terminal;
}

interface Shown {
  json?: true;
}

const refreshMs = 200;

/** One line each, or all of them as JSON. */
async function listRuns(
  { app, terminal }: RunParts,
  resource: BulkResource | undefined,
  { json }: Shown,
): Promise<void> {
  const runs = await app.runs.list(resource);
  if (json) return terminal.json(runs);
  for (const run of runs) terminal.line(lineOf(run));
  terminal.line(runs.length === 0 ? 'no runs; ctk sync begins one' : `${runs.length} run(s)`);
}

/** @throws CommandFailed where there is none with this id */
async function showRun({ app, terminal }: RunParts, id: string, { json }: Shown): Promise<void> {
  const run = /^[-\w]+$/.test(id) ? await app.runs.get(id) : undefined;
  if (!run) throw new CommandFailed(`there is no run ${id}; ctk runs list shows them`);
  if (json) return terminal.json(run);
  terminal.line(lineOf(run));
  for (const [what, said] of detailsOf(run)) terminal.line(`  ${what.padEnd(10)} ${said}`);
  for (const line of reasonLines(run)) terminal.line(line);
}

/** Waits until it stands still. @returns whether there was one to stop, and it did */
async function stopRun({ app, terminal }: RunParts, resource: BulkResource): Promise<boolean> {
  const stopping = await app.runs.stop(resource);
  if (!stopping) throw new CommandFailed(`no sync of ${resource} runs; ctk runs list shows how the last ones ended`);
  const deadline = performance.now() + 2 * app.leaseMs;
  for (;;) {
    const run = await app.runs.get(stopping.id);
    if (run && hasEnded(run)) {
      terminal.line(lineOf(run));
      return run.state === 'stopped';
    }
    if (performance.now() > deadline) {
      terminal.line(`${stopping.id} will be stopped by whoever goes on with it: no process holds it now`);
      return false;
    }
    await sleep(refreshMs);
  }
}

function detailsOf({ queuedAt, startedAt, endedAt, by, problem, request, counts }: Run): [string, string][] {
  const { where, reason, ids, startId } = request;
  const asked = [
    ids && `${ids.length} id(s)`,
    startId && `from ${startId}`,
    where && `where ${where}`,
    reason,
    request.deleteAll && 'delete all',
    request.force && 'force',
    request.backfill === false && 'wakes flows',
  ].filter((one) => typeof one === 'string');
  const said: [string, string | undefined][] = [
    ['asked', [`by ${by}`, ...asked].join(', ')],
    ['queued', queuedAt],
    ['started', startedAt],
    ['ended', endedAt],
    ['changes', `${counts.changes} taken by Klaviyo`],
    ['problem', problem],
  ];
  return said.flatMap(([what, text]) => (text === undefined ? [] : [[what, text]]));
}

/** Each reason, and below it the ids of the first 20 records that it concerned. */
function reasonLines({ counts: { reasons, firstIds } }: Run): string[] {
  return Object.entries(reasons).flatMap(([reason, times]) => {
    const ids = firstIds[reason] ?? [];
    const head = `  ${times} × ${reason}`;
    return [
      times > ids.length && ids.length > 0 ? `${head}; the first ${ids.length}:` : head,
      ...ids.map((id) => `      ${id}`),
    ];
  });
}

function lineOf({ id, resource, kind, state, counts, problem }: Run): string {
  const { read, delivered, skipped, rejected } = counts;
  const count = `${read} read, ${delivered} delivered, ${skipped} skipped, ${rejected} rejected`;
  return [id, resource, kind, state, count, ...(problem ? [problem] : [])].join('  ');
}
