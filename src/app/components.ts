/** Wires the parts once: the one place where they meet. */
import { createRequire } from 'node:module';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { z } from 'zod';
import { type CommercetoolsClient, createCommercetoolsClient } from '../commercetools/client.ts';
import { countOf } from '../commercetools/count.ts';
import { createLookups } from '../commercetools/lookups/create.ts';
import { createObjectsApi } from '../commercetools/objects-api.ts';
import type { Config, Port } from '../config/config.ts';
import { risksOf } from '../config/warnings.ts';
import { createRates } from '../dashboard/rule-rates.ts';
import type { BulkDeps } from '../engine/bulk/run-bulk.ts';
import { createAcceptedJobs } from '../engine/delivery/accepted-jobs.ts';
import { createDeadLetters, type DeadLetters } from '../engine/delivery/dead-letters.ts';
import { createDeliver } from '../engine/delivery/deliver.ts';
import { createReplay, type Replay } from '../engine/delivery/replay.ts';
import { createExplain, type Explain } from '../engine/explain/explain.ts';
import { createReadiness } from '../engine/readiness.ts';
import { createBacklog } from '../engine/realtime/backlog.ts';
import { createHandleDelivery } from '../engine/realtime/handle-delivery.ts';
import { createRealtime, maxQueueShare } from '../engine/realtime/process-message.ts';
import { createRuns, type Runs, takesOf } from '../engine/runs/runs.ts';
import { createScheduler } from '../engine/runs/scheduler.ts';
import { listenOn } from '../http/listen.ts';
import { buildServer } from '../http/server.ts';
import { createKlaviyoClient, type KlaviyoClient } from '../klaviyo/api/client.ts';
import { createCurrentState } from '../klaviyo/inspect/current-state.ts';
import { createDryRun } from '../klaviyo/inspect/dry-run.ts';
import { createListing } from '../klaviyo/listing.ts';
import { createSink } from '../klaviyo/sink.ts';
import { managedKeys } from '../rules/required-subscriptions.ts';
import { createRuleSelector } from '../rules/select-rules.ts';
import { createSources, type Trusted } from '../sources/index.ts';
import { createCustomObjectsStore } from '../store/custom-objects.ts';
import { createFallBackStore, withoutLetters, withoutStore } from '../store/fallback-store.ts';
import { createMemoryStore } from '../store/memory.ts';
import type { Store } from '../store/store.ts';
import { type AppEvents, createAppEvents } from '../telemetry/app-events.ts';
import { createMetrics, type Metrics } from '../telemetry/metrics.ts';
import { startTraces, type Traces } from '../telemetry/traces.ts';

export const { version } = z
  .object({ version: z.string() })
  .parse(createRequire(import.meta.url)('../../package.json'));

export interface App {
  /** Listens on the configured ports; resolves with the addresses. */
  start(): Promise<string[]>;
  /** Begins to send traces where a collector is configured; `start` does so itself. */
  trace(): Promise<void>;
  /** Takes nothing more, finishes what is in flight within the configured time, lets go of everything. */
  stop(): Promise<void>;
  /** Resolves when no message and no run is under way. */
  settled(): Promise<void>;
  runs: Runs;
  deadLetters: DeadLetters;
  replay: Replay;
  explain: Explain;
  /** After so long a silence the holder of a run counts as dead. */
  leaseMs: number;
  activity: AppEvents;
  commercetools: CommercetoolsClient;
  klaviyo: KlaviyoClient;
}

export interface Overrides {
  store?: Store;
  now?: () => Date;
  /** `here`: a command that works off the run that it starts, and nothing else. */
  claim?: 'any' | 'own';
  trusted?: Trusted;
}

/**
 * @param config from readConfig
 * @param log where lines go
 * @param overrides what a test or the sandbox replaces
 */
export function createApp(config: Config, log: Logger, overrides: Overrides = {}): App {
  const now = overrides.now ?? (() => new Date());
  const activity = createAppEvents(log);
  const commercetools = createCommercetoolsClient(config.commercetools, activity);
  const store = overrides.store ?? storeOf(config, commercetools);
  const klaviyo = createKlaviyoClient(config.klaviyo, activity);
  const lookups = createLookups(commercetools);
  const pending = createAcceptedJobs({
    store,
    activity,
    leftAfterMs: config.settings.runs.leaseSeconds * 1_000,
    stateOf: (job) => sink.jobState(job),
    tellAgain: async (about) => (await replay.again(about)).outcome !== 'unavailable',
  });
  const sink = createSink({
    client: klaviyo,
    rateLimitShare: config.klaviyo.rateLimitShare,
    accepted: pending.accepted,
  });
  const deadLetters = createDeadLetters(store, {
    max: config.settings.deadLetters.max,
    now,
    onKept: ({ rule, code }) => activity.emit({ type: 'dead-letter', rule, code }),
    onForbidden: (reason) => activity.emit({ type: 'warning', detail: withoutLetters(reason) }),
  });
  let reads = 0;
  const nextReadSeq = () => {
    reads += 1;
    return reads;
  };
  const runStore = createFallBackStore(store, (reason) =>
    activity.emit({ type: 'warning', detail: withoutStore(reason) }),
  );
  const takes = takesOf({ ...config, claim: overrides.claim });
  const runs = createRuns({
    store: runStore,
    activity,
    bulk: () => bulk,
    now,
    checkpointMs: config.settings.runs.checkpointSeconds * 1_000,
    leaseMs: config.settings.runs.leaseSeconds * 1_000,
    kept: config.settings.runs.maxEnded,
    takes,
    claim: overrides.claim ?? 'any',
  });
  const schedule = createScheduler({ store: runStore, runs, plans: config.settings.schedule, activity, now });
  const deliver = createDeliver({ sink, pending, deadLetters, activity, follow: runs.queueFollowUp });
  const shared = { groups: config.groups, settings: config.rules, lookups, deliver, nextReadSeq, now };
  const { pageSize, largePageSize, ranges } = config.settings.commercetools;
  const bulk: BulkDeps = {
    ...shared,
    client: commercetools,
    sink,
    listing: createListing(klaviyo),
    pageSize: { customers: pageSize, categories: pageSize, orders: largePageSize, products: largePageSize },
    ranges,
  };
  const { deadlineSeconds, maxAttempts, maxInFlight } = config.settings.realtime;
  const realtime = createRealtime({
    ...shared,
    activity,
    deadlineMs: deadlineSeconds * 1_000,
    maxAttempts,
    maxInFlight,
    estimateWaitMs: createBacklog(sink),
  });
  const replay = createReplay({
    ...shared,
    decide: createRuleSelector(config.groups, config.rules),
    client: commercetools,
    deadLetters,
    deadlineMs: config.settings.klaviyo.timeoutSeconds * 1_000,
  });
  const explain = createExplain({
    ...shared,
    client: commercetools,
    rehearse: createDryRun(klaviyo, config.klaviyo.rateLimitShare),
    holds: createCurrentState(klaviyo),
  });
  const receive = createHandleDelivery({ realtime, deadLetters, activity });
  const sources = createSources({
    config: config.arrivals,
    allowUnauthenticatedPush: config.allowUnauthenticatedPush,
    concurrency: config.settings.realtime.concurrency,
    maxPushed: maxInFlight,
    timeoutMs: deadlineSeconds * 1_000 * maxQueueShare,
    activity,
    ...(overrides.trusted ? { trusted: overrides.trusted } : {}),
  });
  const readiness = createReadiness({
    commercetools,
    klaviyo,
    sources: config.realtime ? sources.all : [],
    managedKeys: managedKeys({ groups: config.groups, settings: config.rules, environment: config.environment }),
  });
  const rules = config.groups.flatMap((family) => family.rules);
  const rates = createRates(rules, now);
  activity.listen(rates.note);
  const { max: maxDeadLetters } = config.settings.deadLetters;
  const watched = { activity, klaviyo, sink, readiness, runs, deadLetters, now, version, maxDeadLetters };
  let metrics: Metrics | undefined;
  let traces: Traces | undefined;
  const servers: FastifyInstance[] = [];
  let stopping = false;

  async function listen(wanted: Port): Promise<string[]> {
    metrics ??= createMetrics(watched);
    const server = await buildServer(
      {
        log,
        version,
        push: sources.push,
        runs,
        deadLetters,
        replay,
        explain,
        readiness,
        metrics,
        realtime: config.realtime,
        bulk: config.bulk,
        apiTokens: config.apiTokens,
        stopping: () => stopping,
        counts: activity.counts,
        dashboard: {
          replica: `${hostname()}, process ${process.pid}`,
          version,
          rules,
          rates,
          usage: klaviyo.usage,
          waiting: sink.inFlight,
          readiness,
          runs,
          deadLetters,
          countOf: (resource) => countOf(commercetools, resource),
          now,
          activity,
          inForce: config.inForce,
        },
      },
      wanted.serves,
    );
    const heard = await listenOn(server, wanted, config.host);
    if ('leftOut' in heard) {
      activity.emit({ type: 'warning', detail: heard.leftOut });
      return [];
    }
    servers.push(server);
    return [heard.address];
  }

  async function finish(): Promise<true> {
    await Promise.all([
      schedule.shutdown().then(runs.shutdown),
      pending.shutdown(),
      ...sources.all.map((source) => source.stop()),
    ]);
    await realtime.settled();
    await sink.onIdle();
    await Promise.all(servers.map((server) => server.close()));
    return true;
  }

  const app: App = {
    runs,
    deadLetters,
    replay,
    explain,
    leaseMs: config.settings.runs.leaseSeconds * 1_000,
    activity,
    commercetools,
    klaviyo,
    async trace() {
      traces ??= await tracesOf(config, activity);
    },
    async start() {
      for (const detail of [...config.warnings, ...risksOf(config)]) activity.emit({ type: 'warning', detail });
      await app.trace();
      const addresses: string[] = [];
      try {
        for (const port of config.ports) addresses.push(...(await listen(port)));
      } catch (thrown) {
        await Promise.all(servers.map((server) => server.close()));
        throw thrown;
      }
      if (config.realtime) for (const source of sources.all) source.start(receive);
      const serves = [config.realtime && 'realtime', config.bulk && 'bulk'].filter(Boolean).join(' and ');
      const { extension } = config;
      activity.emit({ type: 'started', ports: addresses, serves, ...(extension ? { extension } : {}) });
      runs.open();
      pending.open();
      if (takes.includes('sync')) schedule.open();
      return addresses;
    },
    async stop() {
      stopping = true;
      const finished = new AbortController();
      const late = sleep(config.shutdownMs, false, { signal: finished.signal }).catch(() => false);
      // What fails must not keep the rest from being let go of.
      const finishing = finish().catch((thrown: unknown) => {
        const why = thrown instanceof Error ? thrown.message : 'unknown';
        activity.emit({ type: 'warning', detail: `a part could not be shut down: ${why}` });
        return false;
      });
      const inTime = await Promise.race([finishing, late]);
      finished.abort();
      if (!inTime) {
        activity.emit({ type: 'warning', detail: notInTime });
        for (const server of servers) {
          // Not awaited: the time to shut down is over.
          server.close().catch(() => undefined);
          server.server.closeAllConnections();
        }
      }
      sink.close();
      // Not awaited: it waits for requests that are still under way.
      klaviyo.close().catch(() => undefined);
      await traces?.stop();
      activity.emit({ type: 'stopped' });
    },
    async settled() {
      await realtime.settled();
      await runs.settled();
      await sink.onIdle();
    },
  };
  return app;
}
const notInTime = 'not all that was in flight was finished within SHUTDOWN_SECONDS: it comes again';
async function tracesOf({ traces }: Config, activity: AppEvents): Promise<Traces | undefined> {
  return traces && startTraces(traces, version, (detail) => activity.emit({ type: 'warning', detail }));
}

function storeOf(config: Config, commercetools: CommercetoolsClient): Store {
  return config.store === 'memory' ? createMemoryStore() : createCustomObjectsStore(createObjectsApi(commercetools));
}
