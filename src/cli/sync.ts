/** `ctk sync`: a bulk sync from the terminal. */
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { App } from '../app.ts';
import type { BulkResource } from '../commercetools/types.ts';
import { hasEnded, type Run, type RunRequest } from '../engine/run.ts';
import { createProgress, progressLine } from './progress.ts';
import { CommandFailed, type Terminal } from './terminal.ts';

export interface SyncOptions {
  ids?: string;
  startId?: string;
  deleteAll?: boolean;
  confirm?: string;
  backfill: boolean;
  force?: boolean;
}

const refreshMs = 200;

/**
 * @param signal Ctrl-C: stops the run cleanly
 * @returns the run as it ended
 * @throws CommandFailed where the options don't go together
 */
export async function sync(
  app: App,
  asked: { resource: BulkResource; options: SyncOptions; signal: AbortSignal; terminal: Terminal },
): Promise<Run> {
  const { resource, options, signal, terminal } = asked;
  const request = requestOf(resource, options);
  const total =
    request.ids?.length ?? (request.deleteAll || request.startId ? undefined : await countOf(app, resource));
  const answer = await app.runs.start(resource, request, 'cli');
  if (!('started' in answer)) throw new CommandFailed(`a sync of ${resource} is running already`);
  const run = answer.started;
  const progress = createProgress(terminal);
  signal.addEventListener('abort', () => app.runs.stop(resource), { once: true });
  while (!hasEnded(run)) {
    progress.show(run, total);
    await sleep(refreshMs);
  }
  progress.show(run, total);
  progress.end();
  await app.settled();
  report(run, terminal);
  return run;
}

function requestOf(resource: BulkResource, options: SyncOptions): RunRequest {
  const ids = options.ids
    ?.split(',')
    .map((id) => id.trim())
    .filter((id) => id !== '');
  if (ids?.length === 0) throw new CommandFailed('--ids is empty; leave it out to sync everything');
  if (options.startId !== undefined && resource !== 'orders')
    throw new CommandFailed('--start-id: only orders can be synced from an id on');
  if (options.deleteAll) {
    if (resource !== 'categories' && resource !== 'products')
      throw new CommandFailed('--delete-all: only categories and products can be deleted in Klaviyo');
    if (options.confirm !== resource)
      throw new CommandFailed(
        `--delete-all deletes all ${resource} in Klaviyo, also those from elsewhere: confirm with --confirm ${resource}`,
      );
    return { deleteAll: true };
  }
  return {
    ...(ids ? { ids: [...new Set(ids)] } : {}),
    ...(options.startId === undefined ? {} : { startId: options.startId }),
    ...(resource === 'orders' ? { backfill: options.backfill } : {}),
    ...(options.force ? { force: true } : {}),
  };
}

const counted = z.object({ total: z.number() });

/** How many there are; for the bar only, so a failure is no matter. */
async function countOf(app: App, resource: BulkResource): Promise<number | undefined> {
  const answer = await app.commercetools.get(resource, { limit: 1, withTotal: true }).catch(() => undefined);
  const parsed = counted.safeParse(answer);
  return parsed.success ? parsed.data.total : undefined;
}

function report(run: Run, terminal: Terminal): void {
  if (terminal.interactive) terminal.line(progressLine(run, undefined));
  for (const [reason, times] of Object.entries(run.counts.reasons)) terminal.line(`  ${times} × ${reason}`);
}
