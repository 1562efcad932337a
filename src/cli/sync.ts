/** `ctk sync`: a bulk sync from the terminal. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { App } from '../app.ts';
import { countOf } from '../commercetools/count.ts';
import type { BulkResource } from '../commercetools/types.ts';
import { hasEnded, type Run, type RunRequest } from '../engine/run.ts';
import { createProgress, progressLine } from './progress.ts';
import { CommandFailed, type Terminal } from './terminal.ts';

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
export async function sync(app: App, asked: Asked): Promise<Run> {
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
async function begin(app: App, { resource, options, signal, terminal }: Asked, request: RunRequest): Promise<Run> {
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
