/**
 * Mock Klaviyo API over real HTTP, as strict as Klaviyo. Used by the local sandbox and by tests. Shares no code with
 * the connector.
 */
import fastify from 'fastify';
import { createFaults, type Faults, failsRecord, faultsPlugin } from '../faults.ts';
import { createAccount } from './account.ts';
import { addAccountRoutes } from './account-routes.ts';
import { createApi, errorsOf, operationOf } from './api.ts';
import { addCatalogJobRoutes } from './catalog-job-routes.ts';
import { addCategoryRoutes, addItemRoutes, addVariantRoutes } from './catalog-routes.ts';
import { addEventRoutes, type RepeatedUniqueId } from './event-routes.ts';
import { addInspectionRoutes, stateOf } from './inspection-routes.ts';
import { addProfileJobRoutes } from './profile-job-routes.ts';
import { addProfileRoutes } from './profile-routes.ts';
import { createRateLimiter, type LimitScale } from './rate-limits.ts';
import { addRelationshipRoutes } from './relationship-routes.ts';
import { createRequestLog } from './request-log.ts';

export type KlaviyoSandboxOptions = {
  /** Port to listen on; 0 (default) picks a free port. */
  port?: number;
  /** Address to listen on; defaults to 127.0.0.1. */
  host?: string;
  /** Accepted private key; defaults to `pk_sandbox`. */
  key?: string;
  /** Factor on the documented rate limits (default 1), or 'none'. */
  limits?: LimitScale;
  /** Duration of bulk jobs, merges and deletions in milliseconds; defaults to 300. */
  jobMs?: number;
  /** How a bulk request treats an already recorded unique_id; defaults to 'ignored'. */
  repeatedUniqueId?: RepeatedUniqueId;
  /** Delay in milliseconds until a new profile or event appears in listings, as in a real account; defaults to 0. */
  lagMs?: number;
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
  const account = createAccount({
    jobMs: options.jobMs ?? 300,
    lagMs: options.lagMs ?? 0,
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
  const api = createApi(app, {
    key: options.key ?? 'pk_sandbox',
    missingScopes: options.missingScopes ?? [],
    limits,
    record: record === false || record === '' ? undefined : record,
  });
  addAccountRoutes(api, account);
  addProfileRoutes(api, account);
  addProfileJobRoutes(api, account);
  addEventRoutes(api, account, options.repeatedUniqueId ?? 'ignored');
  addItemRoutes(api, account);
  addVariantRoutes(api, account);
  addCategoryRoutes(api, account);
  addRelationshipRoutes(api, account);
  addCatalogJobRoutes(api, account);
  addInspectionRoutes(app, { account, limits, log });

  const url = await app.listen({ host: options.host ?? '127.0.0.1', port: options.port ?? 0 });
  return {
    url,
    faults,
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
