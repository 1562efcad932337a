/**
 * Mock Klaviyo API over real HTTP, as strict as Klaviyo. Used by the local sandbox and by tests. Shares no code with
 * the connector.
 */
import fastify from 'fastify';
import { createFaults, type Faults, failsRecord, faultsPlugin } from '../faults.ts';
import type { PrivateKeys } from './access.ts';
import { createAccount } from './account.ts';
import { addAccountRoutes } from './account-routes.ts';
import { createApi, errorsOf, operationOf } from './api.ts';
import { behavioursOf, type KlaviyoBehaviours } from './behaviours.ts';
import { addCatalogJobRoutes } from './catalog-job-routes.ts';
import { addCategoryRoutes, addItemRoutes, addVariantRoutes } from './catalog-routes.ts';
import { addEventRoutes } from './event-routes.ts';
import { addFaultRoutes } from './fault-routes.ts';
import { addInspectionRoutes, stateOf } from './inspection-routes.ts';
import type { JobMs } from './job-durations.ts';
import { addProfileJobRoutes } from './profile-job-routes.ts';
import { addProfileRoutes } from './profile-routes.ts';
import { createRateLimiter, type LimitScale } from './rate-limits.ts';
import { addRelationshipRoutes } from './relationship-routes.ts';
import { createRequestLog } from './request-log.ts';

export type KlaviyoSandboxOptions = Partial<KlaviyoBehaviours> & {
  /** Port to listen on; 0 (default) picks a free port. */
  port?: number;
  /** Address to listen on; defaults to 127.0.0.1. */
  host?: string;
  /** Accepted private key; defaults to `pk_sandbox`. */
  key?: string;
  /** Factor on the documented rate limits (default 1), or 'none'. */
  limits?: LimitScale;
  /**
   * Duration of bulk jobs, merges and deletions: milliseconds (default 300), or 'recorded' for the durations of real
   * jobs, which are seconds to minutes.
   */
  jobMs?: JobMs;
  /** Scopes that the key lacks, such as `catalogs:write`; defaults to none. */
  missingScopes?: readonly string[];
  /** File to append every request body to as a JSON line; defaults to `KLAVIYO_RECORD`, false disables it. */
  record?: string | false;
};

export type KlaviyoSandbox = {
  /** Base URL, such as `http://127.0.0.1:40123`. */
  url: string;
  /** Fault rules, for callers in the same process. */
  faults: Faults;
  /** Adds a private key that has only these scopes, such as `profiles:read`. */
  addKey(key: string, scopes: readonly string[]): void;
  /** Returns the counts of `GET /sandbox/state`. */
  state(): ReturnType<typeof stateOf>;
  /** Clears the account, the request log and the rate limit windows. */
  reset(): void;
  /** Closes all connections and cancels pending jobs. */
  stop(): Promise<void>;
};

/** Starts the mock API. It accepts requests when the promise resolves; `stop` ends it. */
export async function startKlaviyoSandbox(options: KlaviyoSandboxOptions = {}): Promise<KlaviyoSandbox> {
  const limits = createRateLimiter(options.limits ?? 1);
  const log = createRequestLog();
  const faults = createFaults();
  const behaviours = behavioursOf(options);
  const account = createAccount({
    jobMs: options.jobMs ?? 300,
    behaviours,
    failsRecord: (type) => failsRecord(faults, type),
  });
  // An id contains a percent-encoded SKU, which can be long.
  const app = fastify({
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 2_000, ignoreTrailingSlash: true },
  });

  app.addHook('onResponse', async (request, reply) => {
    if (!request.url.startsWith('/api')) return;
    log.add({
      at: new Date().toISOString(),
      method: request.method,
      path: request.url,
      operation: operationOf(request),
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime),
      bytes: Number(request.headers['content-length'] ?? 0),
      errors: errorsOf(request),
    });
  });
  await app.register(faultsPlugin, { faults });

  const record = options.record ?? process.env.KLAVIYO_RECORD;
  const missingScopes = options.missingScopes ?? [];
  const keys: PrivateKeys = new Map([[options.key ?? 'pk_sandbox', (scope) => !missingScopes.includes(scope)]]);
  const api = createApi(app, {
    keys,
    behaviours,
    limits,
    record: record === false || record === '' ? undefined : record,
  });
  addAccountRoutes(api, account);
  addProfileRoutes(api, account);
  addProfileJobRoutes(api, account);
  addEventRoutes(api, account);
  addItemRoutes(api, account);
  addVariantRoutes(api, account);
  addCategoryRoutes(api, account);
  addRelationshipRoutes(api, account);
  addCatalogJobRoutes(api, account);
  addInspectionRoutes(app, { account, limits, log });
  addFaultRoutes(app, faults, account.jobs);

  const url = await app.listen({ host: options.host ?? '127.0.0.1', port: options.port ?? 0 });
  return {
    url,
    faults,
    addKey: (key, scopes) => keys.set(key, (scope) => scopes.includes(scope)),
    state: () => stateOf(account, log),
    reset() {
      account.reset();
      limits.reset();
      log.reset();
    },
    async stop() {
      account.jobs.reset();
      await app.close();
    },
  };
}
