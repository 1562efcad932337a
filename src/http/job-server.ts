/**
 * Runs the service as a job of commercetools Connect: a scheduled POST syncs all resources, one after the other, and gets
 * its response when all are done, or shortly before Connect's timeout.
 * https://docs.commercetools.com/connect/deployment-behavior-and-environments
 */
import { setTimeout as sleep } from 'node:timers/promises';
import fastify, { type FastifyInstance } from 'fastify';
import type { BulkResource } from '../commercetools/schemas.ts';
import { hasEnded, type Run } from '../engine/runs/run.ts';
import { startSync } from '../engine/runs/run-request.ts';
import type { Runs } from '../engine/runs/runs.ts';
import { onError } from './error-handler.ts';

/** Categories come first, because items refer to them. */
const order: readonly BulkResource[] = ['categories', 'products', 'customers', 'orders'];
/** Connect's timeout is 30 minutes. */
const defaultTimeoutMs = 29 * 60 * 1_000;
const pollMs = 500;

export interface JobDeps {
  runs: Runs;
  /** Ends the wait for runs, but not the runs themselves. */
  signal: AbortSignal;
  timeoutMs?: number;
}

interface SyncResult {
  resource: BulkResource;
  state: string;
}

export function buildJobServer(deps: JobDeps): FastifyInstance {
  const server = fastify({ frameworkErrors: onError });
  let inFlight: Promise<SyncResult[]> | undefined;
  server.setErrorHandler(onError);
  server.get('/health', async () => ({ status: 'ok' }));
  server.post('/*', async (_request, reply) => {
    // Connect sends the next request even if the previous one is still being handled.
    if (inFlight) return reply.code(200).send({ message: 'the last start is still under way' });
    inFlight = syncAll(deps);
    try {
      return reply.code(200).send({ syncs: await inFlight });
    } finally {
      inFlight = undefined;
    }
  });
  return server;
}

async function syncAll({ runs, signal, timeoutMs = defaultTimeoutMs }: JobDeps): Promise<SyncResult[]> {
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  const results: SyncResult[] = [];
  for (const resource of order) {
    if (deadline.aborted) {
      results.push({ resource, state: 'waiting for the next time' });
      continue;
    }
    const result = await startSync(runs, resource, { command: { type: 'start', request: {} }, by: 'api' });
    if ('refused' in result) results.push({ resource, state: result.refused });
    else {
      // A sync that is running already, such as one from the previous request, takes the place of a new one.
      const run = 'started' in result ? result.started : result.running;
      results.push({ resource, state: await waitForEnd(runs, run, deadline) });
    }
  }
  return results;
}

async function waitForEnd(runs: Runs, run: Run, signal: AbortSignal): Promise<Run['state']> {
  for (;;) {
    const current = (await runs.list(run.resource)).find(({ id }) => id === run.id) ?? run;
    if (hasEnded(current) || signal.aborted) return current.state;
    await sleep(pollMs, undefined, { signal }).catch(() => undefined);
  }
}
