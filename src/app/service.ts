/** Builds and runs the service: the components, the sources, the HTTP servers and the scheduler. */

import { hostname } from 'node:os';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { countOf } from '../commercetools/pagination.ts';
import type { Config, Port } from '../config/config.ts';
import { accessWarnings } from '../config/warnings.ts';
import { createAttention } from '../dashboard/attention.ts';
import { createDelayHistory } from '../dashboard/delay-history.ts';
import { accountLinks } from '../dashboard/links.ts';
import { createRuleRates } from '../dashboard/rule-rates.ts';
import { createRunLog } from '../dashboard/run-log.ts';
import type { CartWatch } from '../engine/carts/cart-watch.ts';
import { createReadiness } from '../engine/readiness.ts';
import { createHandleDelivery } from '../engine/realtime/handle-delivery.ts';
import { maxQueueShare } from '../engine/realtime/process-message.ts';
import { createScheduler } from '../engine/runs/scheduler.ts';
import { createEndedSessions } from '../http/auth/ended-sessions.ts';
import { createBodyPool } from '../http/body-guard.ts';
import { listenOn } from '../http/listen.ts';
import { buildServer } from '../http/server.ts';
import { createIdleCollection, type IdleCollection, ownProcess } from '../lib/idle-collection.ts';
import { createBackgroundLiveCheck } from '../live-check/background.ts';
import { managedKeys } from '../rules/required-subscriptions.ts';
import { acceptsPushes, createSources, type TrustedIssuers } from '../sources/index.ts';
import { createMetrics, type Metrics } from '../telemetry/metrics.ts';
import { type Components, createComponents, type Overrides } from './components.ts';
import { version } from './version.ts';

export interface Service extends Components {
  /** Listens on the configured ports and starts the sources, runs and schedules. @returns the addresses */
  start(): Promise<string[]>;
  /** Accepts nothing more, completes what is in flight within SHUTDOWN_SECONDS, closes everything. */
  stop(): Promise<void>;
}

export interface ServiceOverrides extends Overrides {
  trusted?: TrustedIssuers;
}

export function createService(config: Config, log: Logger, overrides: ServiceOverrides = {}): Service {
  const components = createComponents(config, log, overrides);
  const { events, commercetools, klaviyo, sink, deadLetters, realtime, runs, replay, explain, find, now } = components;
  const { deadlineSeconds, maxInFlight, concurrency } = config.settings.realtime;
  const hasTokens = config.apiTokens.full.length + config.apiTokens.readOnly.length > 0;
  const servesThisMachineOnly = !hasTokens && !config.allowUnauthenticatedPush && !acceptsPushes(config.messageSources);
  const scheduler = createScheduler({
    ...{ store: components.runStore, runs, events, now },
    plans: config.settings.schedule,
  });
  const sources = createSources({
    config: config.messageSources,
    allowUnauthenticatedPush: config.allowUnauthenticatedPush,
    trustsThisMachine: !hasTokens,
    ...{ concurrency, events },
    maxPushes: maxInFlight,
    shedReason: components.memoryGuard.shedReason,
    deadlineMs: deadlineSeconds * 1_000 * maxQueueShare,
    ...(overrides.trusted ? { trusted: overrides.trusted } : {}),
  });
  const handleDelivery = createHandleDelivery({
    ...{ realtime, deadLetters, events },
    projectKey: config.commercetools.projectKey,
  });
  const liveCheck = createBackgroundLiveCheck(components.liveCheck);
  const readiness = createReadiness({
    ...{ commercetools, klaviyo },
    sources: config.realtime ? sources.all : [],
    managedKeys: managedKeys(config),
  });
  const bodyPool = createBodyPool();
  const endedSessions = createEndedSessions(components.runStore, now);
  const rules = config.groups.flatMap((group) => group.rules);
  const ruleRates = createRuleRates(rules, now);
  const attention = createAttention(now);
  const delays = createDelayHistory({ now, inFlight: sink.inFlight });
  const runLog = createRunLog(now);
  for (const recorder of [ruleRates, attention, delays, runLog]) events.listen(recorder.record);
  const startedAt = now().toISOString();
  let metrics: Metrics | undefined;
  let cartWatch: CartWatch | undefined;
  const servers: FastifyInstance[] = [];
  let stopping = false;
  let idleCollection: IdleCollection | undefined;

  async function listen(port: Port): Promise<string[]> {
    const maxDeadLetters = config.settings.deadLetters.max;
    metrics ??= createMetrics({
      ...{ events, klaviyo, sink, readiness, runs, deadLetters, now, version, maxDeadLetters },
      memoryGuard: components.memoryGuard,
    });
    const server = await buildServer(
      {
        ...{ log, version, runs, deadLetters, replay, explain, find, readiness, metrics },
        ...{ realtime: config.realtime, bulk: config.bulk, apiTokens: config.apiTokens },
        ...{ events, now, endedSessions, bodyPool },
        push: sources.push,
        servesThisMachineOnly,
        stopping: () => stopping,
        counts: events.counts,
        dashboard: {
          rules: rules.map(({ name, summary, offBy }) => ({ name, summary, offBy: offBy?.(config.rules) })),
          ...{ version, rates: ruleRates, readiness, runs, deadLetters, now, events },
          ...{ attention, dailyCounts: components.dailyCounts, delays, runLog, startedAt },
          replica: `${hostname()}, process ${process.pid}`,
          links: accountLinks(config.klaviyo.url, config.commercetools),
          usage: klaviyo.usage,
          inFlight: sink.inFlight,
          memoryGuard: components.memoryGuard,
          countOf: (resource) => countOf(commercetools, resource),
          syncable: components.syncable,
          effectiveConfig: config.effectiveConfig,
          ...{ liveCheck, apiFindings: components.apiFindings },
        },
      },
      port.serves,
    );
    const listening = await listenOn(server, port, config.host);
    if (listening.outcome === 'skipped') {
      events.emit({ type: 'warning', detail: listening.reason });
      return [];
    }
    servers.push(server);
    return [listening.address];
  }

  async function listenOnAll(): Promise<string[]> {
    const addresses: string[] = [];
    try {
      for (const port of config.ports) addresses.push(...(await listen(port)));
    } catch (thrown) {
      await closeServers();
      throw thrown;
    }
    return addresses;
  }

  async function closeServers(): Promise<void> {
    await Promise.all(servers.map((server) => server.close()));
  }

  return {
    ...components,
    async start() {
      for (const detail of [...config.warnings, ...accessWarnings(config)]) events.emit({ type: 'warning', detail });
      await components.trace();
      const ports = await listenOnAll();
      idleCollection = createIdleCollection(ownProcess());
      if (config.realtime) for (const source of sources.all) source.start(handleDelivery);
      const serves = [config.realtime && 'realtime', config.bulk && 'bulk'].filter(Boolean).join(' and ');
      const { extension } = config;
      events.emit({ type: 'started', ports, serves, ...(extension ? { extension } : {}) });
      runs.open();
      if (config.runWorker) components.orphanedJobs.open();
      if (components.runKinds.includes('sync')) scheduler.open();
      // An event application of Connect lives as long as a message: its service watches carts.
      if (config.bulk) cartWatch = await components.loadCartWatch();
      cartWatch?.open();
      return ports;
    },
    async stop() {
      stopping = true;
      idleCollection?.stop();
      await components.stop({
        async drain() {
          // Runs are handed over at once; they don't wait for the sources.
          await Promise.all([
            scheduler.shutdown().then(() => runs.shutdown()),
            liveCheck.shutdown(),
            cartWatch?.shutdown(),
            ...sources.all.map((source) => source.stop()),
          ]);
        },
        close: closeServers,
        onTimeout() {
          for (const server of servers) {
            // Not awaited: the time to shut down has passed.
            server.close().catch(() => undefined);
            server.server.closeAllConnections();
          }
        },
      });
      events.emit({ type: 'stopped' });
    },
  };
}
