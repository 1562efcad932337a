/**
 * The job of commercetools Connect: each request executes stored runs until none is left or the time limit is reached. Then it
 * hands its runs over, and the next request resumes them. Nothing is executed outside a request.
 */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { bulkResources } from '../commercetools/schemas.ts';
import type { Config } from '../config/config.ts';
import { createScheduler, type Plans } from '../engine/runs/scheduler.ts';
import { buildJobServer } from '../http/job-server.ts';
import type { AppEvent } from '../telemetry/app-events.ts';
import { createComponents, type Overrides } from './components.ts';

export interface JobOptions extends Omit<Overrides, 'claim'> {
  /** Time to execute runs within a request; what is in flight then still completes. Longer than a lease (`runs.leaseSeconds`). */
  timeLimitMs?: number | undefined;
}

export interface JobSummary {
  /** The runs that were executed, each with its last state. */
  runs: Pick<Extract<AppEvent, { type: 'run' }>, 'runId' | 'resource' | 'kind' | 'state'>[];
  /** False: the next request continues. */
  complete: boolean;
}

/** Leaves three minutes of Connect's timeout for requests in flight. */
const defaultTimeLimitMs = 27 * 60 * 1_000;
const pollMs = 500;
/** Applies if the `schedule` setting plans nothing: categories first, because items refer to them. */
const nightly: Plans = {
  timeZone: 'UTC',
  categories: { cron: '0 3 * * *' },
  products: { cron: '10 3 * * *' },
  customers: { cron: '20 3 * * *' },
  orders: { cron: '30 3 * * *' },
};

/** The job with its HTTP server, not yet started. */
export function createJob(config: Config, log: Logger, options: JobOptions = {}) {
  const { timeLimitMs = defaultTimeLimitMs, ...overrides } = options;
  const components = createComponents({ ...config, runWorker: true, bulk: true }, log, overrides);
  const { runs, orphanedJobs, events, runStore: store, now } = components;
  const schedule: Plans = config.settings.schedule;
  const plans = bulkResources.some((resource) => schedule[resource]) ? schedule : nightly;
  const scheduler = createScheduler({ store, runs, events, now, plans });
  const stopping = new AbortController();
  const server = buildJobServer(execute);
  let executed = new Map<string, JobSummary['runs'][number]>();
  events.listen((event) => {
    if (event.type !== 'run') return;
    const { runId, resource, kind, state } = event;
    executed.set(runId, { runId, resource, kind, state });
  });

  async function execute(): Promise<JobSummary> {
    executed = new Map();
    const deadline = AbortSignal.any([stopping.signal, AbortSignal.timeout(timeLimitMs)]);
    // Jobs that realtime stores from now on are left to the next request, so that a busy shop does not keep this one open.
    const storedJobs = await orphanedJobs.stored();
    await scheduler.queueDue();
    runs.open();
    orphanedJobs.open();
    const reached = deadline.aborted ? Promise.resolve() : once(deadline, 'abort');
    const working = executeAll(storedJobs, deadline);
    try {
      await Promise.race([working, reached]);
    } finally {
      await Promise.all([runs.shutdown(), orphanedJobs.shutdown()]);
      await components.settled();
    }
    return { runs: await Promise.all([...executed.values()].map(withStoredState)), complete: await working };
  }

  /** A run whose lease is lost while its end is stored emits no last state. */
  async function withStoredState(run: JobSummary['runs'][number]): Promise<JobSummary['runs'][number]> {
    return { ...run, state: (await runs.get(run.runId))?.state ?? run.state };
  }

  /** @returns false if the signal was aborted before all was executed */
  async function executeAll(storedJobs: ReadonlySet<string>, signal: AbortSignal): Promise<boolean> {
    for (;;) {
      await runs.settled();
      if (signal.aborted) return false;
      const isOpen = (await runs.hasWork()) || !(await orphanedJobs.stored()).isDisjointFrom(storedJobs);
      if (!isOpen) return true;
      await sleep(pollMs, undefined, { signal }).catch(() => undefined);
    }
  }

  return {
    /** @returns the address */
    async start(): Promise<string> {
      await components.trace();
      return server.listen({ port: config.ports[0]?.port ?? 0, host: config.host });
    },
    /** Hands runs over, answers the request in flight, closes everything. */
    async stop(): Promise<void> {
      stopping.abort();
      await components.stop({ close: () => server.close() });
      events.emit({ type: 'stopped' });
    },
    events,
  };
}
