/** Wires the parts once: the one place where they meet. */
import { createRequire } from 'node:module';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { z } from 'zod';
import { type Activity, createActivity } from './activity.ts';
import { type CommercetoolsClient, createCommercetoolsClient } from './commercetools/client.ts';
import { createLook } from './commercetools/lookups.ts';
import type { Config, Port } from './config/config.ts';
import type { BulkParts } from './engine/bulk.ts';
import { createDeadLetters } from './engine/dead-letters.ts';
import { createDeliver } from './engine/deliver.ts';
import { createReadiness } from './engine/readiness.ts';
import { createRealtime } from './engine/realtime.ts';
import { createReceive } from './engine/receive.ts';
import { createRuns, type Runs } from './engine/runs.ts';
import { createKlaviyoClient, type KlaviyoClient } from './klaviyo/client.ts';
import { createListing } from './klaviyo/listing.ts';
import { createSink } from './klaviyo/sink.ts';
import { ruleFamilies } from './rules/index.ts';
import { buildServer } from './server/server.ts';
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
  activity: Activity;
  commercetools: CommercetoolsClient;
  klaviyo: KlaviyoClient;
}

export interface Overrides {
  store?: Store;
  now?: () => Date;
}

/**
 * @param config from readConfig
 * @param log where lines go
 * @param overrides what a test or the sandbox replaces
 */
export function createApp(config: Config, log: Logger, overrides: Overrides = {}): App {
  const now = overrides.now ?? (() => new Date());
  const store = overrides.store ?? createMemoryStore();
  const activity = createActivity(log);
  const commercetools = createCommercetoolsClient(config.commercetools);
  const klaviyo = createKlaviyoClient(config.klaviyo);
  const look = createLook(commercetools);
  const sink = createSink(klaviyo);
  const deadLetters = createDeadLetters(store, { max: config.settings.deadLetters.max, now });
  let reads = 0;
  const nextRead = () => {
    reads += 1;
    return reads;
  };
  const runs = createRuns({
    store,
    activity,
    bulk: () => bulk,
    now,
    checkpointMs: config.settings.runs.checkpointSeconds * 1_000,
    kept: config.settings.runs.kept,
  });
  const deliver = createDeliver({ sink, deadLetters, activity, follow: runs.follow });
  const shared = { families: ruleFamilies, settings: config.rules, look, deliver, nextRead, now };
  const bulk: BulkParts = {
    ...shared,
    client: commercetools,
    sink,
    listing: createListing(klaviyo),
    pageSize: config.settings.commercetools.pageSize,
  };
  const { deadlineSeconds, mostTries } = config.settings.realtime;
  const realtime = createRealtime({ ...shared, activity, deadlineMs: deadlineSeconds * 1_000, mostTries });
  const receive = createReceive({ realtime, deadLetters, activity });
  const readiness = createReadiness({ commercetools, klaviyo });
  const servers: FastifyInstance[] = [];
  let stopping = false;

  async function listen({ port, serves, optional }: Port): Promise<string[]> {
    const server = await buildServer(
      {
        log,
        version,
        receive,
        runs,
        activity,
        readiness,
        realtime: config.realtime,
        bulk: config.bulk,
        apiToken: config.apiToken,
        allowUnauthenticatedPush: config.allowUnauthenticatedPush,
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
      if (!optional || !isTaken(thrown)) throw thrown;
      activity.tell({ what: 'warning', detail: `port ${port} is taken: bulk is served on the other port only` });
      return [];
    }
  }

  return {
    runs,
    activity,
    commercetools,
    klaviyo,
    async start() {
      for (const detail of [...config.warnings, ...risks(config)]) activity.tell({ what: 'warning', detail });
      const addresses: string[] = [];
      for (const port of config.ports) addresses.push(...(await listen(port)));
      const serves = [config.realtime && 'realtime', config.bulk && 'bulk'].filter(Boolean).join(' and ');
      activity.tell({ what: 'started', ports: addresses, serves });
      return addresses;
    },
    async stop() {
      stopping = true;
      const late = AbortSignal.timeout(config.shutdownMs);
      const finished = Promise.all([runs.shutdown(), realtime.settled()])
        .then(() => sink.idle())
        .then(() => Promise.all(servers.map((server) => server.close())));
      await Promise.race([finished, new Promise((resolve) => late.addEventListener('abort', resolve))]);
      void klaviyo.close();
      activity.tell({ what: 'stopped' });
    },
    async settled() {
      await realtime.settled();
      await runs.settled();
    },
  };
}

function risks(config: Config): string[] {
  if (!config.allowUnauthenticatedPush || !config.realtime) return [];
  return ['ALLOW_UNAUTHENTICATED_PUSH is true: whoever reaches POST / can send messages'];
}

const taken = z.looseObject({ code: z.literal('EADDRINUSE') });

function isTaken(thrown: unknown): boolean {
  return taken.safeParse(thrown).success;
}
