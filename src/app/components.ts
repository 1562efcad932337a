/** Builds the parts of the service that need no sockets, once and in the order of their dependencies. The CLI uses these. */
import type { Logger } from 'pino';
import { type CommercetoolsClient, createCommercetoolsClient } from '../commercetools/client.ts';
import { createLookups } from '../commercetools/lookups/create.ts';
import { createObjectsApi } from '../commercetools/objects-api.ts';
import { createRecentVersions, withRecentVersions } from '../commercetools/recent-versions.ts';
import { type BulkResource, bulkResources } from '../commercetools/schemas.ts';
import { createServerClock, machineClock } from '../commercetools/server-clock.ts';
import type { Config } from '../config/config.ts';
import { createDailyCounts, type DailyCounts } from '../dashboard/daily-counts.ts';
import { type ApiFindings, createApiFindings } from '../engine/api-findings.ts';
import { createFlowCount } from '../engine/bulk/count-flow-events.ts';
import { runBulk } from '../engine/bulk/run-bulk.ts';
import type { CartWatch, CartWatchDeps } from '../engine/carts/cart-watch.ts';
import { type ChangeOrigin, createAcceptedJobs } from '../engine/delivery/accepted-jobs.ts';
import { createDeadLetters, type DeadLetters, discardAbout } from '../engine/delivery/dead-letters.ts';
import { createDeliver } from '../engine/delivery/deliver.ts';
import { createDeliveryLog, type DeliveryLog } from '../engine/delivery/delivery-log.ts';
import { createErasedCustomers } from '../engine/delivery/erased-customers.ts';
import { createEvaluate } from '../engine/delivery/evaluate.ts';
import { createOrphanedJobs, type OrphanedJobs } from '../engine/delivery/orphaned-jobs.ts';
import { createRememberedProfiles } from '../engine/delivery/remembered-profiles.ts';
import { createReplay, type Replay } from '../engine/delivery/replay.ts';
import { createExplain, type Explain } from '../engine/explain/explain.ts';
import { createFind, type Find } from '../engine/find/find.ts';
import { createImportWatch } from '../engine/realtime/import-watch.ts';
import { createRealtime, type Realtime } from '../engine/realtime/process-message.ts';
import { createFollowUpQueue } from '../engine/runs/follow-ups.ts';
import type { Run } from '../engine/runs/run.ts';
import { createRuns, type Runs, type RunsDeps, runKindsOf } from '../engine/runs/runs.ts';
import { createKlaviyoClient, type KlaviyoClient } from '../klaviyo/api/client.ts';
import { maxJobMs } from '../klaviyo/batching/job-poller.ts';
import { createListing } from '../klaviyo/existing-records.ts';
import { createCurrentState } from '../klaviyo/inspect/current-state.ts';
import { createDryRun } from '../klaviyo/inspect/dry-run.ts';
import { createRecordedEvents } from '../klaviyo/inspect/recorded-events.ts';
import { createProfileLookups } from '../klaviyo/profile-lookups.ts';
import { createSink, type Sink } from '../klaviyo/sink.ts';
import { messageOf } from '../lib/errors.ts';
import { createMemoryGuard, heapOf, type MemoryGuard } from '../lib/memory-guard.ts';
import { withTimeout } from '../lib/timeout.ts';
import { createTtlCache } from '../lib/ttl-cache.ts';
import type { LiveCheckDeps } from '../live-check/run-live-check.ts';
import { findOrderProfile } from '../rules/orders/find-order-profile.ts';
import { createRuleSelector } from '../rules/select-rules.ts';
import { createCustomObjectsStore } from '../store/custom-objects.ts';
import { createFallbackStore } from '../store/fallback-store.ts';
import { createMemoryStore } from '../store/memory.ts';
import type { Store } from '../store/store.ts';
import { type AppEvents, createAppEvents } from '../telemetry/app-events.ts';
import type { Traces } from '../telemetry/traces.ts';
import { version } from './version.ts';

/** What tests, the CLI and the sandbox replace. */
export interface Overrides {
  store?: Store;
  now?: () => Date;
  /** `own`: executes only runs that this process starts, as a command does. */
  claim?: RunsDeps['claim'];
  /** Faster than any setting allows. */
  cartWatch?: Partial<Pick<CartWatchDeps, 'everyMs' | 'settlingMs'>>;
}

export interface Components {
  events: AppEvents;
  commercetools: CommercetoolsClient;
  klaviyo: KlaviyoClient;
  sink: Sink<ChangeOrigin>;
  deadLetters: DeadLetters;
  realtime: Realtime;
  runs: Runs;
  /** Holds runs; falls back to memory if the API client may not store custom objects. */
  runStore: Store;
  runKinds: readonly Run['kind'][];
  /** Resources that a sync may be started of. */
  syncable: readonly BulkResource[];
  apiFindings: ApiFindings;
  /** What a live check needs. */
  liveCheck: LiveCheckDeps;
  replay: Replay;
  deliveryLog: DeliveryLog;
  dailyCounts: DailyCounts;
  orphanedJobs: OrphanedJobs;
  explain: Explain;
  find: Find;
  memoryGuard: MemoryGuard;
  /** A lease that stands still for this long has expired. */
  leaseMs: number;
  now(): Date;
  /** Loads the cart watch, not yet open; undefined if carts are not to be read at intervals. */
  loadCartWatch(): Promise<CartWatch | undefined>;
  /** Starts to send traces if a collector is configured. */
  trace(): Promise<void>;
  /** Resolves when no message and no run is in flight. */
  settled(): Promise<void>;
  /** Completes what is in flight within SHUTDOWN_SECONDS, then closes the clients. */
  stop(options?: StopOptions): Promise<void>;
}

export interface StopOptions {
  /** Stops accepting work; called first. */
  drain?(): Promise<void>;
  /** Called once nothing is in flight. */
  close?(): Promise<void>;
  /** Called if something is still in flight when the time has passed. */
  onTimeout?(): void;
}

/** A live check may run while the service does. */
const findingTtlMs = 60_000;

/** A change of a cart may become visible later than its timestamp says. */
const cartSettlingMs = 5_000;

const shutdownTimeout = 'shutdown took longer than SHUTDOWN_SECONDS; what is still in flight will be redelivered';

export function createComponents(config: Config, log: Logger, overrides: Overrides = {}): Components {
  const { settings } = config;
  const now = overrides.now ?? (() => new Date());
  const claim = overrides.claim ?? 'any';
  const leaseMs = settings.runs.leaseSeconds * 1_000;
  const events = createAppEvents(log);
  const warn = (detail: string) => events.emit({ type: 'warning', detail });
  const memoryGuard = createMemoryGuard(heapOf(config.nodeFlags));
  memoryGuard.onChange((isShedding) => events.emit({ type: 'load-shedding', isShedding, ...memoryGuard.heap() }));
  const { shedReason } = memoryGuard;
  let lastReadSeq = 0;
  const nextReadSeq = () => ++lastReadSeq;

  const clock = createServerClock({ ...machineClock, now });
  const recentVersions = createRecentVersions();
  const commercetools = withRecentVersions(
    createCommercetoolsClient(config.commercetools, events, clock),
    recentVersions,
  );
  async function setClock(): Promise<void> {
    if (clock.isSet()) return;
    // A refused response has a Date header too.
    await commercetools.get('customers', { limit: 1, withTotal: false }).catch((thrown: unknown) => {
      if (!clock.isSet()) throw thrown;
    });
  }
  const klaviyo = createKlaviyoClient(config.klaviyo, events);
  const lookups = createLookups(commercetools);
  const store = overrides.store ?? createStore(config, commercetools);
  // Without a worker a run held in memory would never be executed: the store's refusal is answered instead.
  const runStore = config.runWorker
    ? createFallbackStore(store, (reason) =>
        warn(
          `runs are held in memory and end with this process: the client lacks manage_key_value_documents (${reason})`,
        ),
      )
    : store;

  const apiFindings = createApiFindings(runStore, config.klaviyo.key, now);
  const liveCheck: LiveCheckDeps = {
    ...{ klaviyo, commercetools, now },
    // Without the fallback to memory, so that a live check says when its findings are not stored.
    findings: createApiFindings(store, config.klaviyo.key, now),
    klaviyoUrl: config.klaviyo.url,
    commercetoolsUrl: config.commercetools.apiUrl,
  };
  const { rateLimitShare } = config.klaviyo;
  const acceptedJobs = createAcceptedJobs({ store, now: clock.latest });
  const orderProfiles = createRememberedProfiles(store);
  const profiles = createProfileLookups({
    client: klaviyo,
    acceptsProfileId: apiFindings.acceptsProfileId,
    rememberedFor: orderProfiles.profileIdOf,
    onWarning: warn,
  });
  const sink = createSink({
    ...{ client: klaviyo, rateLimitShare, storeJob: acceptedJobs.accepted, onWarning: warn },
    maxListingMs: settings.klaviyo.eventListingSeconds * 1_000,
    async isSold(sku, exceptItemId) {
      const products = await lookups.productsWithSku(sku).catch(() => undefined);
      if (products === undefined) return 'unknown';
      return products.some(({ id, masterData }) => id !== exceptItemId && masterData.published);
    },
    async hasOtherCustomer(email, customerId) {
      const customers = await lookups.customersWithEmail(email).catch(() => undefined);
      return customers === undefined ? 'unknown' : customers.some(({ id }) => id !== customerId);
    },
    repeatedEvents: apiFindings.repeatedEvents,
    unsetsInBulk: createTtlCache(findingTtlMs, apiFindings.unsetsInBulk),
    rememberOrderProfile: orderProfiles.remember,
    async profileOfOrder(order, lane) {
      const known = { ...order, isCustomerSet: false, hasLocation: false };
      const scope = { lane, fresh: true };
      const found = await findOrderProfile(known, { lookups, profiles, settings: config.rules }, scope);
      return 'skip' in found ? undefined : found.identity;
    },
  });
  const deadLetters = createDeadLetters(store, {
    max: settings.deadLetters.max,
    now,
    onStored: ({ rule, code }) => events.emit({ type: 'dead-letter', rule, code }),
    onForbidden: (reason) =>
      warn(
        `records that Klaviyo rejects get 503 and are redelivered: no dead letters without manage_key_value_documents (${reason})`,
      ),
  });
  const followUps = createFollowUpQueue({ store: runStore, now });
  const erasedCustomers = createErasedCustomers(runStore);
  const dailyCounts = createDailyCounts({ store: runStore, now });
  events.listen(dailyCounts.record);
  const deliveryLog = createDeliveryLog(store, { ...settings.deliveryLog, now, onWarning: warn });
  const deliver = createDeliver({
    ...{ sink, acceptedJobs, deadLetters, deliveryLog, events, queueFollowUp: followUps.add },
    async onErasure(erasure) {
      await erasedCustomers.add(erasure.customerId);
      await discardAbout(deadLetters, erasure);
    },
  });
  const selectRules = createRuleSelector(config.groups, config.rules);
  const isErased = config.rules.customer.onErasure === 'request' ? erasedCustomers.has : undefined;
  const evaluate = createEvaluate({ settings: config.rules, lookups, profiles, now, isErased });

  const { pageSize, largePageSize, ranges } = settings.commercetools;
  const bulkDeps = {
    ...{ client: commercetools, selectRules, evaluate, deliver, sink, nextReadSeq, clock, ranges, shedReason },
    listing: createListing(klaviyo),
    pageSize: {
      ...{ customers: pageSize, categories: pageSize },
      ...{ orders: largePageSize, products: largePageSize, carts: largePageSize },
    },
  };
  const runKinds = runKindsOf({ runWorker: config.runWorker, bulk: config.bulk, claim });
  const syncable = bulkResources.filter((resource) => resource !== 'carts' || config.rules.carts.enabled);
  const runs = createRuns({
    store: runStore,
    countFlowEvents: createFlowCount(bulkDeps),
    refusal: (resource) => (syncable.includes(resource) ? undefined : 'carts are not synced: carts.enabled is false'),
    ...{ events, followUps, now, leaseMs, runKinds, claim },
    clock: { latest: clock.latest, set: setClock },
    execute: (execution) => runBulk(bulkDeps, execution),
    checkpointMs: settings.runs.checkpointSeconds * 1_000,
    maxEnded: settings.runs.maxEnded,
  });

  const { deadlineSeconds, maxAttempts, maxInFlight } = settings.realtime;
  const realtime = createRealtime({
    ...{
      selectRules,
      evaluate,
      deliver,
      sink,
      events,
      nextReadSeq,
      now,
      maxAttempts,
      maxInFlight,
      recentVersions,
      shedReason,
    },
    deadlineMs: deadlineSeconds * 1_000,
    deliveryLog,
    ...(config.rules.order.importsAreHistory ? {} : { importWatch: createImportWatch(now, warn) }),
  });
  const replay = createReplay({
    ...{ groups: config.groups, selectRules, client: commercetools, evaluate, deliver, deadLetters, nextReadSeq },
    deadlineMs: settings.klaviyo.timeoutSeconds * 1_000,
  });
  const orphanedJobs = createOrphanedJobs({
    ...{ store, events, acceptedJobs },
    ...{ orphanedAfterMs: leaseMs, maxJobMs, now: clock.latest },
    jobState: sink.jobState,
    resend: async (origin) => (await replay.resend(origin)).outcome !== 'unavailable',
  });
  const currentState = createCurrentState(klaviyo);
  const find = createFind({
    ...{ client: commercetools, lookups, groups: config.groups, settings: config.rules },
    ...{ evaluate, deliveryLog, deadLetters, currentState, replay, now },
    recordedEvents: createRecordedEvents(klaviyo),
  });
  const explain = createExplain({
    ...{ groups: config.groups, settings: config.rules, client: commercetools, lookups, profiles, now },
    dryRun: createDryRun(klaviyo, rateLimitShare),
    currentState,
  });
  let traces: Traces | undefined;

  async function finish({ drain, close }: StopOptions): Promise<true> {
    await Promise.all([drain?.(), orphanedJobs.shutdown()]);
    await runs.shutdown();
    await realtime.settled();
    await sink.onIdle();
    await Promise.all([deliveryLog.flush(), dailyCounts.flush()]);
    await close?.();
    return true;
  }

  return {
    ...{ events, commercetools, klaviyo, sink, deadLetters, realtime, runs, runStore, runKinds, replay, orphanedJobs },
    ...{ apiFindings, syncable, liveCheck, explain, find, deliveryLog, dailyCounts, memoryGuard, leaseMs, now },
    async loadCartWatch() {
      const { enabled, watch, everySeconds } = config.rules.carts;
      if (!enabled || watch !== 'poll') return undefined;
      const { createCartWatch } = await import('../engine/carts/cart-watch.ts');
      return createCartWatch({
        ...{ client: commercetools, selectRules, evaluate, deliver, events, nextReadSeq, clock, shedReason, leaseMs },
        ...{ store: runStore, setClock, everyMs: everySeconds * 1_000, settlingMs: cartSettlingMs },
        pageSize: bulkDeps.pageSize.carts,
        ...overrides.cartWatch,
      });
    },
    async trace() {
      if (!config.traces) return;
      const { startTraces } = await import('../telemetry/traces.ts');
      traces ??= await startTraces(config.traces, version, warn);
    },
    async settled() {
      await realtime.settled();
      await runs.settled();
      await sink.onIdle();
    },
    async stop(options = {}) {
      // A part that fails must not keep the others from being closed.
      const finishAll = () =>
        finish(options).catch((thrown: unknown) => {
          warn(`a part could not be shut down: ${messageOf(thrown)}`);
          return false;
        });
      if (!(await withTimeout<boolean>(finishAll, config.shutdownMs, false))) {
        warn(shutdownTimeout);
        options.onTimeout?.();
      }
      memoryGuard.stop();
      sink.close();
      // Not awaited: it waits for requests that are still in flight.
      klaviyo.close().catch(() => undefined);
      await traces?.stop();
    },
  };
}

function createStore(config: Config, commercetools: CommercetoolsClient): Store {
  return config.store === 'memory' ? createMemoryStore() : createCustomObjectsStore(createObjectsApi(commercetools));
}
