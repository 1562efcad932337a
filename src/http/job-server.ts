/**
 * The service as a job of commercetools Connect: a POST at the scheduled hour syncs everything, one resource after the
 * other, and is answered when that is done or when Connect's patience nearly is.
 * https://docs.commercetools.com/connect/deployment-behavior-and-environments
 */
import { setTimeout as sleep } from 'node:timers/promises';
import fastify, { type FastifyInstance } from 'fastify';
import type { BulkResource } from '../commercetools/schemas.ts';
import { hasEnded, type Run } from '../engine/runs/run.ts';
import type { Runs } from '../engine/runs/runs.ts';
import { onError } from './error-handler.ts';

/** An item needs its categories, so they come first. */
const order: readonly BulkResource[] = ['categories', 'products', 'customers', 'orders'];
/** Connect waits 30 minutes. */
const timeoutMs = 29 * 60 * 1_000;
const lookEveryMs = 500;

export interface JobParts {
  runs: Runs;
  /** Stops the waiting; runs are stopped by who owns them. */
  signal: AbortSignal;
  timeoutMs?: number;
}

interface Outcome {
  resource: BulkResource;
  /** How its sync ended or stands, or why there is none. */
  state: string;
}

/** @returns a server that takes `POST` at any path, and `GET /health` */
export function buildJobServer(parts: JobParts): FastifyInstance {
  const server = fastify({ frameworkErrors: onError });
  let inFlight: Promise<Outcome[]> | undefined;
  server.setErrorHandler(onError);
  server.get('/health', async () => ({ status: 'ok' }));
  server.post('/*', async (_request, reply) => {
    // Connect starts the next one though the last still runs.
    if (inFlight) return reply.code(200).send({ message: 'the last start is still under way' });
    inFlight = syncAll(parts);
    try {
      return reply.code(200).send({ syncs: await inFlight });
    } finally {
      inFlight = undefined;
    }
  });
  return server;
}

async function syncAll({ runs, signal, timeoutMs: patience = timeoutMs }: JobParts): Promise<Outcome[]> {
  const late = AbortSignal.any([signal, AbortSignal.timeout(patience)]);
  const outcomes: Outcome[] = [];
  for (const resource of order) {
    if (late.aborted) {
      outcomes.push({ resource, state: 'waiting for the next time' });
      continue;
    }
    const answer = await runs.start(resource, {}, 'api');
    if ('refused' in answer) outcomes.push({ resource, state: answer.refused });
    else {
      // One that was queued elsewhere, or that the last start of the job did not finish, counts as this one.
      const run = 'started' in answer ? answer.started : answer.running;
      outcomes.push({ resource, state: await stateAtTheEnd(runs, run, late) });
    }
  }
  return outcomes;
}

async function stateAtTheEnd(runs: Runs, run: Run, signal: AbortSignal): Promise<Run['state']> {
  for (;;) {
    const now = (await runs.list(run.resource)).find(({ id }) => id === run.id) ?? run;
    if (hasEnded(now) || signal.aborted) return now.state;
    await sleep(lookEveryMs, undefined, { signal }).catch(() => undefined);
  }
}
