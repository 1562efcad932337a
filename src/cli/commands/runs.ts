/** `ctk runs`: lists, shows and stops runs. */

import { setTimeout as sleep } from 'node:timers/promises';
import { Argument, type Command } from 'commander';
import type { Components } from '../../app/components.ts';
import { countOf } from '../../commercetools/pagination.ts';
import { type BulkResource, bulkResources } from '../../commercetools/schemas.ts';
import { hasEnded, type Run } from '../../engine/runs/run.ts';
import { totalOf } from '../../engine/runs/run-total.ts';
import { runLine } from '../output/run-line.ts';
import { CommandError, type ExitState, type Terminal } from '../output/terminal.ts';
import { withComponents } from '../with-services.ts';

/** Works on the store directly, without a running service. */
export function define(command: Command, terminal: Terminal, exitState: ExitState): void {
  command
    .command('list')
    .description('those that run or wait, then those that ended, the latest first: times, progress and outcomes')
    .addArgument(new Argument('[resource]', 'only those of this resource').choices(bulkResources))
    .option('--json', 'details of each as JSON')
    .action((resource: BulkResource | undefined, options: { json?: true }) =>
      withComponents((components) => listRuns({ components, terminal }, resource, options)),
    );
  command
    .command('show')
    .description('one run: its counts, what was skipped or refused and why, what it waits for')
    .argument('<id>', 'as list shows it, or `latest` for the latest sync')
    .option('--json', 'details as JSON')
    .action((id: string, options: { json?: true }) =>
      withComponents((components) => showRun({ components, terminal }, id, options)),
    );
  command
    .command('stop')
    .description('stop the sync of a resource, in any process; ctk sync --resume continues it')
    .addArgument(new Argument('<resource>', 'what is synced').choices(bulkResources))
    .action(async (resource: BulkResource) => {
      exitState.code = (await withComponents((components) => stopRun({ components, terminal }, resource))) ? 0 : 1;
    });
}

interface RunCommandDeps {
  components: Pick<Components, 'runs' | 'leaseMs' | 'commercetools' | 'now'>;
  terminal: Terminal;
}

const refreshMs = 200;

async function listRuns(
  { components, terminal }: RunCommandDeps,
  resource: BulkResource | undefined,
  { json }: { json?: true },
): Promise<void> {
  const runs = await components.runs.list(resource);
  if (json) return terminal.json(runs);
  for (const run of runs) terminal.line(await lineOf(components, run));
  terminal.line(runs.length === 0 ? 'no runs; ctk sync begins one' : `${runs.length} run(s)`);
}

/** @throws CommandError if no record has this id */
async function showRun({ components, terminal }: RunCommandDeps, id: string, { json }: { json?: true }): Promise<void> {
  const run = await findRun(components, id);
  if (json) return terminal.json(run);
  terminal.line(await lineOf(components, run));
  for (const [label, text] of detailsOf(run)) terminal.line(`  ${label.padEnd(10)} ${text}`);
  for (const line of reasonLines(run)) terminal.line(line);
}

/** @param id of a run, or `latest`. @throws CommandError if there is none */
async function findRun({ runs }: Pick<Components, 'runs'>, id: string): Promise<Run> {
  if (id === 'latest') {
    const all = await runs.list();
    // Follow-ups are started by messages, not by a user.
    const latest = all.filter(({ kind }) => kind === 'sync').sort((left, right) => (left.id < right.id ? 1 : -1))[0];
    if (!latest) throw new CommandError('no sync was started yet; ctk sync begins one');
    return latest;
  }
  const run = /^[-\w]+$/.test(id) ? await runs.get(id) : undefined;
  if (!run) throw new CommandError(`there is no run ${id}; ctk runs list shows them`);
  return run;
}

async function lineOf(components: RunCommandDeps['components'], run: Run): Promise<string> {
  return runLine(run, {
    now: components.now(),
    total: await totalOf((resource) => countOf(components.commercetools, resource), run),
  });
}

async function stopRun({ components, terminal }: RunCommandDeps, resource: BulkResource): Promise<boolean> {
  const stopping = await components.runs.stop(resource);
  if (!stopping) throw new CommandError(`no sync of ${resource} runs; ctk runs list shows how the last ones ended`);
  const deadline = performance.now() + 2 * components.leaseMs;
  for (;;) {
    const run = await components.runs.get(stopping.id);
    if (run && hasEnded(run)) {
      terminal.line(await lineOf(components, run));
      return run.state === 'stopped';
    }
    if (performance.now() > deadline) {
      terminal.line(`${stopping.id} will be stopped by the next process that claims it: no process holds it now`);
      return false;
    }
    await sleep(refreshMs);
  }
}

function detailsOf({ queuedAt, startedAt, endedAt, by, problem, request, counts }: Run): [string, string][] {
  const { where, reason, ids, startId } = request;
  const options = [
    ids && `${ids.length} id(s)`,
    startId && `from ${startId}`,
    where && `where ${where}`,
    reason,
    request.deleteAll && 'delete all',
    request.force && 'force',
    request.keepStock && 'keep stock',
    request.backfill === false && 'triggers flows',
  ].filter((option) => typeof option === 'string');
  const details: [string, string | undefined][] = [
    ['asked', [`by ${by}`, ...options].join(', ')],
    ['queued', queuedAt],
    ['started', startedAt],
    ['ended', endedAt],
    ['changes', `${counts.changes} taken by Klaviyo`],
    ['problem', problem],
  ];
  return details.flatMap(([label, text]) => (text === undefined ? [] : [[label, text]]));
}

function reasonLines({ counts: { reasons, firstIds } }: Run): string[] {
  return Object.entries(reasons).flatMap(([reason, count]) => {
    const ids = firstIds[reason] ?? [];
    const head = `  ${count} × ${reason}`;
    return [
      count > ids.length && ids.length > 0 ? `${head}; the first ${ids.length}:` : head,
      ...ids.map((id) => `      ${id}`),
    ];
  });
}
