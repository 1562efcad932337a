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
import { type Config, ConfigError, type Port } from './config/config.ts';
import type { BulkParts } from './engine/bulk.ts';
import { createDeadLetters, type DeadLetters } from './engine/dead-letters.ts';
import { createDecide } from './engine/decide.ts';
import { createDeliver } from './engine/deliver.ts';
import { createReadiness } from './engine/readiness.ts';
import { createRealtime } from './engine/realtime.ts';
import { createReceive } from './engine/receive.ts';
import { createReplay, type Replay } from './engine/replay.ts';
import { createRuns, type Runs } from './engine/runs.ts';
import { createSchedule } from './engine/schedule.ts';
import { ownKeys } from './engine/wanted-subscriptions.ts';
import type { Change } from './klaviyo/change.ts';
import { createKlaviyoClient, type KlaviyoClient } from './klaviyo/client.ts';
import { createListing } from './klaviyo/listing.ts';
import { createSink } from './klaviyo/sink.ts';
import { buildServer } from './server/server.ts';
import { acceptsPushes, createSources, type Trusted } from './sources/index.ts';
import { createCustomObjectsStore } from './store/custom-objects.ts';
import { createFallBackStore } from './store/fall-back.ts';
import { createMemoryStore } from './store/memory.ts';
import type { Store } from './store/store.ts';

export const { version } = z.object({ version: z.string() }).parse(createRequire(import.meta.url)('../package.json'));

export interface App {
  /** Listens on the configured ports; resolves with the addresses. */
  start(): Promise<string[]>;
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
  const commercetools = createCommercetoolsClient(config.commercetools);
  const store = overrides.store ?? storeOf(config, commercetools);
  const klaviyo = createKlaviyoClient(config.klaviyo);
  const look = createLook(commercetools);
  const sink = createSink(klaviyo, config.klaviyo.share);
  const deadLetters = createDeadLetters(store, {
    max: config.settings.deadLetters.max,
    now,
    onForbidden: (reason) => activity.tell({ what: 'warning', detail: withoutLetters(reason) }),
  });
  let reads = 0;
  const nextRead = () => {
    reads += 1;
    return reads;
  };
  const runStore = createFallBackStore(store, (reason) =>
    activity.tell({ what: 'warning', detail: withoutStore(reason) }),
  );
  const takes = takesOf(config, overrides);
  const runs = createRuns({
    store: runStore,
    activity,
    bulk: () => bulk,
    now,
    checkpointMs: config.settings.runs.checkpointSeconds * 1_000,
    leaseMs: config.settings.runs.leaseSeconds * 1_000,
    kept: config.settings.runs.kept,
    takes,
    from: overrides.from ?? 'anybody',
  });
  const schedule = createSchedule({ store: runStore, runs, plans: config.settings.schedule, activity, now });
  const deliver = createDeliver({ sink, deadLetters, activity, follow: runs.follow });
  const shared = { families: config.families, settings: config.rules, look, deliver, nextRead, now };
  const bulk: BulkParts = {
    ...shared,
    client: commercetools,
    sink,
    listing: createListing(klaviyo),
    pageSize: {
      orders: config.settings.commercetools.orderPageSize,
      others: config.settings.commercetools.pageSize,
    },
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
    decide: createDecide(config.families, config.rules),
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
    ownKeys: ownKeys({ families: config.families, settings: config.rules, environment: config.environment }),
  });
  const servers: FastifyInstance[] = [];
  let stopping = false;

  async function listen(wanted: Port): Promise<string[]> {
    const { port, serves, variable, optional } = wanted;
    const server = await buildServer(
      {
        log,
        version,
        push: sources.push,
        runs,
        deadLetters,
        replay,
        readiness,
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
    await Promise.all([schedule.shutdown().then(runs.shutdown), ...sources.all.map((source) => source.stop())]);
    await realtime.settled();
    await sink.idle();
    await Promise.all(servers.map((server) => server.close()));
    return true;
  }

  return {
    runs,
    deadLetters,
    replay,
    leaseMs: config.settings.runs.leaseSeconds * 1_000,
    activity,
    commercetools,
    klaviyo,
    async start() {
      for (const detail of [...config.warnings, ...risks(config)]) activity.tell({ what: 'warning', detail });
      const addresses: string[] = [];
      try {
        for (const port of config.ports) addresses.push(...(await listen(port)));
      } catch (thrown) {
        await Promise.all(servers.map((server) => server.close()));
        throw thrown;
      }
      if (config.realtime) for (const source of sources.all) source.start(receive);
      const serves = [config.realtime && 'realtime', config.bulk && 'bulk'].filter(Boolean).join(' and ');
      const own = config.extension ? { extension: config.extension } : {};
      activity.tell({ what: 'started', ports: addresses, serves, ...own });
      runs.open();
      if (takes.includes('sync')) schedule.open();
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
      activity.tell({ what: 'stopped' });
    },
    async settled() {
      await realtime.settled();
      await runs.settled();
      await sink.idle();
    },
  };
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

/** What somebody may not expect of this configuration; told at start. */
function risks({ realtime, bulk, allowUnauthenticatedPush, apiTokens, arrivals }: Config): string[] {
  const told: string[] = [];
  if (realtime && allowUnauthenticatedPush)
    told.push('ALLOW_UNAUTHENTICATED_PUSH is true: whoever reaches POST / can send messages');
  const pulls = arrivals.sqs !== undefined || arrivals.kafka !== undefined;
  if (realtime && !allowUnauthenticatedPush && !pulls && !acceptsPushes(arrivals))
    told.push(
      'POST / takes messages from this machine only: set what proves the sender (docs/security.md), or ALLOW_UNAUTHENTICATED_PUSH=true where the platform alone can reach it',
    );
  if (bulk && apiTokens.full.length + apiTokens.readOnly.length === 0)
    told.push('API_TOKEN is not set: /sync serves callers on this machine only');
  return told;
}

function codeOf(thrown: unknown): string | undefined {
  const coded = z.looseObject({ code: z.string() }).safeParse(thrown);
  return coded.success ? coded.data.code : undefined;
}

/** A port that can't be had is a mistake in the configuration. */
function cannotListen({ port, variable }: Port, host: string, code: string | undefined): ConfigError | undefined {
  switch (code) {
    case 'EADDRINUSE':
      return new ConfigError([`${variable}: port ${port} is taken by another process; set ${variable} to a free port`]);
    case 'EACCES':
      return new ConfigError([`${variable}: this process may not listen on port ${port}; take one above 1023`]);
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new ConfigError([`HOST: ${host} is no address of this machine; 0.0.0.0 stands for all of its addresses`]);
    default:
      return undefined;
  }
}
