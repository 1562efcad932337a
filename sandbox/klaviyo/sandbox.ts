/**
 * A pretended Klaviyo over real HTTP, strict where Klaviyo is strict: to try the connector on before it is trusted
 * with an account, and for tests. It shares no code with the connector.
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
  /** Port to listen on; 0 (default) takes a free one. */
  port?: number;
  /** Address to listen on; 127.0.0.1 by default. */
  host?: string;
  /** The private key to accept; `pk_sandbox` by default. */
  key?: string;
  /** Share of the documented rate limits that holds (1 by default), or 'none'. */
  limits?: LimitScale;
  /** How long bulk jobs, merges and erasures take, in milliseconds; 300 by default. */
  jobMs?: number;
  /** How a unique_id that an earlier request recorded is read in a bulk body; 'ignored' by default. */
  repeatedUniqueId?: RepeatedUniqueId;
  /** How long a new profile or event stays out of the listings, in milliseconds, as it may in a real account; 0 by default. */
  lagMs?: number;
  /** Scopes the key lacks, such as `catalogs:write`; none by default. */
  missingScopes?: readonly string[];
  /** File to which every request body is appended as a JSON line; `KLAVIYO_RECORD` by default, false: nowhere. */
  record?: string | false;
};

export type KlaviyoSandbox = {
  /** Where it listens, such as `http://127.0.0.1:40123`; the base path for a client. */
  url: string;
  /** Faults on demand without HTTP, for callers in the same process. */
  faults: Faults;
  /** Counts of everything it holds, as `GET /sandbox/state` shows them. */
  state(): ReturnType<typeof stateOf>;
  /** Empties the account, the request log and the rate windows. */
  reset(): void;
  /** Closes every connection and drops jobs that wait. */
  stop(): Promise<void>;
};

/** Starts a pretended Klaviyo. It listens when the promise resolves; `stop` ends it. */
export async function startKlaviyoSandbox(options: KlaviyoSandboxOptions = {}): Promise<KlaviyoSandbox> {
  const limits = createRateLimiter(options.limits ?? 1);
  const log = createRequestLog();
  const faults = createFaults();
  const account = createAccount({
    jobMs: options.jobMs ?? 300,
    lagMs: options.lagMs ?? 0,
    failsRecord: (type) => failsRecord(faults, type),
  });
  // Skus may be long, and an id holds one percent-encoded.
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
