/** Wires the parts once: the one place where they meet. */
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { z } from 'zod';
import { type Activity, createActivity } from './activity.ts';
import { type CommercetoolsClient, createCommercetoolsClient } from './commercetools/client.ts';
import { createLook } from './commercetools/lookups.ts';
import { createObjectsApi } from './commercetools/objects-api.ts';
import type { Config, Port } from './config/config.ts';

import type { BulkParts } from './engine/bulk.ts';
import { createDeadLetters, type DeadLetters } from './engine/dead-letters.ts';
import { createDecide } from './engine/decide.ts';
import { createDeliver } from './engine/deliver.ts';
import { createReadiness } from './engine/readiness.ts';
import { createRealtime } from './engine/realtime.ts';
import { createReceive } from './engine/receive.ts';
import { createReplay, type Replay } from './engine/replay.ts';
import { createRuns, type Runs } from './engine/runs.ts';
import { ownKeys } from './engine/wanted-subscriptions.ts';
import type { Change } from './klaviyo/change.ts';
import { createKlaviyoClient, type KlaviyoClient } from './klaviyo/client.ts';
import { createListing } from './klaviyo/listing.ts';
import { createSink } from './klaviyo/sink.ts';
import { ruleFamilies } from './rules/index.ts';
import { cannotListen, codeOf } from './server/cannot-listen.ts';
import { buildServer } from './server/server.ts';
import { createSources, type Trusted } from './sources/index.ts';
import { risksOf } from './sources/risks.ts';
import { createCustomObjectsStore } from './store/custom-objects.ts';
import { createFallBackStore } from './store/fall-back.ts';
import { createMemoryStore } from './store/memory.ts';
import type { Store } from './store/store.ts';
import { createMetrics, type Metrics } from './telemetry/metrics.ts';
import { startTraces, type Traces } from './telemetry/traces.ts';

export const { version } = z.object({ version: z.string() }).parse(createRequire(import.meta.url)('../package.json'));

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
  /** After so long a silence the holder of a run counts as dead. */
  leaseMs: number;
  activity: Activity;
  commercetools: CommercetoolsClient;
  klaviyo: KlaviyoClient;
}

export interface Overrides {
  store?: Store;
  now?: () => Date;
  /** `here`: a command that works off the run that it starts, and nothing else. */
  from?: 'anybody' | 'here';
  trusted?: Trusted;
}

/**
 * @param config from readConfig
 * @param log where lines go
 * @param overrides what a test or the sandbox replaces
 */
export function createApp(config: Config, log: Logger, overrides: Overrides = {}): App {
  const now = overrides.now ?? (() => new Date());
  const activity = createActivity(log);
  const commercetools = createCommercetoolsClient(config.commercetools, activity);
  const store = overrides.store ?? storeOf(config, commercetools);
  const klaviyo = createKlaviyoClient(config.klaviyo, activity);
  const look = createLook(commercetools);
  const sink = createSink(klaviyo, config.klaviyo.share);
  const deadLetters = createDeadLetters(store, {
    max: config.settings.deadLetters.max,
    now,
    onKept: ({ rule, code }) => activity.tell({ what: 'dead-letter', rule, code }),
    onForbidden: (reason) => activity.tell({ what: 'warning', detail: withoutLetters(reason) }),
  });
  let reads = 0;
  const nextRead = () => {
    reads += 1;
    return reads;
  };
  const runs = createRuns({
    store: createFallBackStore(store, (reason) => activity.tell({ what: 'warning', detail: withoutStore(reason) })),
    activity,
    bulk: () => bulk,
    now,
    checkpointMs: config.settings.runs.checkpointSeconds * 1_000,
    leaseMs: config.settings.runs.leaseSeconds * 1_000,
    kept: config.settings.runs.kept,
    takes: takesOf(config, overrides),
    from: overrides.from ?? 'anybody',
  });
  const deliver = createDeliver({ sink, deadLetters, activity, follow: runs.follow });
  const shared = { families: ruleFamilies, settings: config.rules, look, deliver, nextRead, now };
  const bulk: BulkParts = {
    ...shared,
    client: commercetools,
    sink,
    listing: createListing(klaviyo),
    pageSize: config.settings.commercetools.pageSize,
    ranges: config.settings.commercetools.ranges,
  };
  const { deadlineSeconds, mostTries, mostUnderWay } = config.settings.realtime;
  const realtime = createRealtime({
    ...shared,
    activity,
    deadlineMs: deadlineSeconds * 1_000,
    mostTries,
    mostUnderWay,
    backlogMs: (typeId) => Math.max(0, ...(sentBy[typeId] ?? []).map((kind) => sink.backlogMs(kind))),
  });
  const replay = createReplay({
    ...shared,
    decide: createDecide(ruleFamilies, config.rules),
    client: commercetools,
    deadLetters,
    deadlineMs: config.settings.klaviyo.timeoutSeconds * 1_000,
  });
  const receive = createReceive({ realtime, deadLetters, activity });
  const sources = createSources({
    config: config.arrivals,
    allowUnauthenticatedPush: config.allowUnauthenticatedPush,
    atOnce: config.settings.realtime.atOnce,
    mostPushed: config.settings.realtime.mostUnderWay,
    activity,
    ...(overrides.trusted ? { trusted: overrides.trusted } : {}),
  });
  const readiness = createReadiness({
    commercetools,
    klaviyo,
    sources: config.realtime ? sources.all : [],
    ownKeys: ownKeys({ families: ruleFamilies, settings: config.rules, environment: config.environment }),
  });
  const { max: mostDeadLetters } = config.settings.deadLetters;
  const watched = { activity, klaviyo, sink, readiness, runs, deadLetters, now, version, mostDeadLetters };
  let metrics: Metrics | undefined;
  let traces: Traces | undefined;
  const servers: FastifyInstance[] = [];
  let stopping = false;

  async function listen(wanted: Port): Promise<string[]> {
    const { port, serves, variable, optional } = wanted;
    metrics ??= createMetrics(watched);
    const server = await buildServer(
      {
        log,
        version,
        push: sources.push,
        runs,
        deadLetters,
        replay,
        readiness,
        metrics,
        realtime: config.realtime,
        bulk: config.bulk,
        apiTokens: config.apiTokens,
        stopping: () => stopping,
        counts: activity.counts,
      },
      serves,
    );
    try {
      const address = await server.listen({ port, host: config.host });
      servers.push(server);
      return [address];
    } catch (thrown) {
      await server.close();
      const code = codeOf(thrown);
      if (!optional || code !== 'EADDRINUSE') throw cannotListen(wanted, config.host, code) ?? thrown;
      const detail = `port ${port} is taken by another process and left out: set ${variable} if it is needed`;
      activity.tell({ what: 'warning', detail });
      return [];
    }
  }

  async function finish(): Promise<true> {
    await Promise.all([runs.shutdown(), ...sources.all.map((source) => source.stop())]);
    await realtime.settled();
    await sink.idle();
    await Promise.all(servers.map((server) => server.close()));
    return true;
  }

  const app: App = {
    runs,
    deadLetters,
    replay,
    leaseMs: config.settings.runs.leaseSeconds * 1_000,
    activity,
    commercetools,
    klaviyo,
    async trace() {
      traces ??= await tracesOf(config, activity);
    },
    async start() {
      for (const detail of [...config.warnings, ...risksOf(config)]) activity.tell({ what: 'warning', detail });
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
      activity.tell({ what: 'started', ports: addresses, serves });
      runs.open();
      return addresses;
    },
    async stop() {
      stopping = true;
      const finished = new AbortController();
      const late = sleep(config.shutdownMs, false, { signal: finished.signal }).catch(() => false);
      const inTime = await Promise.race([finish(), late]);
      finished.abort();
      if (!inTime) {
        const detail = 'not all that was in flight was finished within SHUTDOWN_SECONDS: it comes again';
        activity.tell({ what: 'warning', detail });
        for (const { server } of servers) server.closeAllConnections();
      }
      sink.close();
      void klaviyo.close();
      await traces?.stop();
      activity.tell({ what: 'stopped' });
    },
    async settled() {
      await realtime.settled();
      await runs.settled();
      await sink.idle();
    },
  };
  return app;
}

async function tracesOf({ traces }: Config, activity: Activity): Promise<Traces | undefined> {
  return traces && startTraces(traces, version, (detail) => activity.tell({ what: 'warning', detail }));
}

/** What messages of a resource lead to in Klaviyo; for the estimate of how long they would wait. */
const sentBy: Record<string, readonly Change['kind'][]> = {
  customer: ['profile'],
  order: ['event'],
  category: ['category', 'gone'],
  product: ['item', 'gone'],
  'inventory-entry': ['stock'],
};
function storeOf(config: Config, commercetools: CommercetoolsClient): Store {
  return config.store === 'memory' ? createMemoryStore() : createCustomObjectsStore(createObjectsApi(commercetools));
}

function withoutLetters(reason: string): string {
  return `what Klaviyo refuses is answered 503 and comes again: no dead letters without manage_key_value_documents (${reason})`;
}

function withoutStore(reason: string): string {
  return `runs are held in memory and end with this process: the client lacks manage_key_value_documents (${reason})`;
}

/** A process for realtime alone works off what its messages lead to, and leaves syncs to those that serve /sync. */
function takesOf({ runs, bulk }: Config, { from }: Overrides): ('sync' | 'follow')[] {
  if (from === 'here') return ['sync'];
  if (runs === 'elsewhere') return [];
  return bulk ? ['sync', 'follow'] : ['follow'];
}
