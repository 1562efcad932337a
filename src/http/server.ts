/** Builds an HTTP server for a port, with the routes that the port serves. */
import cookie from '@fastify/cookie';
import {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify';
import type { Port } from '../config/config.ts';
import { type DashboardDeps, dashboardRoutes } from '../dashboard/routes.ts';
import type { AppEvents } from '../telemetry/app-events.ts';
import { auditRequests } from './auth/audit.ts';
import { createAuthenticate, createGuard, isOnThisMachine, withoutTokens } from './auth/authenticate.ts';
import type { EndedSessions } from './auth/ended-sessions.ts';
import { type ApiTokens, createSessions } from './auth/sessions.ts';
import { type BodyPool, guardBodies } from './body-guard.ts';
import { onClientError } from './client-error.ts';
import { createFastify } from './create-fastify.ts';
import { createNotFoundHandler, maxBodyBytes, onError } from './error-handler.ts';
import { describeRoutes } from './openapi.ts';
import { type DeadLetterRouteDeps, deadLetterRoutes } from './routes/dead-letters.ts';
import { type ExplainRouteDeps, explainRoutes } from './routes/explain.ts';
import { type FindRouteDeps, findRoutes } from './routes/find.ts';
import { healthRoutes, type Readiness } from './routes/health.ts';
import { type MetricsRouteDeps, metricsRoute } from './routes/metrics.ts';
import { type RealtimeRouteDeps, realtimeRoute } from './routes/realtime.ts';
import { sessionRoutes } from './routes/session.ts';
import { type SyncRouteDeps, syncRoutes } from './routes/sync.ts';
import { addSecurityHeaders } from './security-headers.ts';

export interface ServerDeps
  extends RealtimeRouteDeps,
    Omit<SyncRouteDeps & DeadLetterRouteDeps & ExplainRouteDeps & FindRouteDeps & MetricsRouteDeps, 'guard'> {
  /** Absent: no dashboard is served. */
  dashboard?: Omit<DashboardDeps, 'guard' | 'syncs' | 'events' | 'now'>;
  apiTokens: ApiTokens;
  events: AppEvents;
  /** Of all ports of the process. */
  endedSessions: EndedSessions;
  /** Of all ports of the process. */
  bodyPool: BodyPool;
  now(): Date;
  log: FastifyBaseLogger;
  version: string;
  realtime: boolean;
  bulk: boolean;
  /** Neither a token nor a proof of pushes is configured: other machines get /health and /ready only. */
  servesThisMachineOnly?: boolean;
  readiness(): Promise<Readiness>;
}

/** For the headers, and for the whole request with its body. */
const requestTimeoutMs = 10_000;
const timeoutCheckMs = 1_000;
/** More than the in-flight messages that one process can have; each takes some memory even if it sends nothing. */
const maxConnections = 6_000;

/** @param serves what the port serves, limited to what the process runs */
export async function buildServer(deps: ServerDeps, serves: Port['serves']): Promise<FastifyInstance> {
  const server = createFastify({
    loggerInstance: deps.log,
    // Events already log one line per message and run; request logs would repeat them.
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: maxBodyBytes,
    forceCloseConnections: 'idle',
    frameworkErrors: onError,
    clientErrorHandler: onClientError,
    requestTimeout: requestTimeoutMs,
    http: { headersTimeout: requestTimeoutMs, connectionsCheckingInterval: timeoutCheckMs },
  });
  server.server.maxConnections = maxConnections;
  server.setErrorHandler(onError);
  const realtime = deps.realtime && serves !== 'bulk';
  const bulk = deps.bulk && serves !== 'realtime';
  const notFound = createNotFoundHandler({ realtime, bulk });
  server.setNotFoundHandler(notFound);
  acceptJson(server);
  const countFailure = await addSecurityHeaders(server);
  const bodies = guardBodies(server, deps.bodyPool);
  await server.register(cookie);
  // Before the body of an unknown path or method is read.
  server.addHook('onRequest', async (request, reply) => {
    if (request.is404) await notFound(request, reply.header('connection', 'close'));
  });
  if (deps.servesThisMachineOnly) server.addHook('onRequest', onlyThisMachine);
  const { apiTokens, events, now } = deps;
  const identify = auditRequests(server, events);
  const sessions = createSessions(apiTokens, deps.endedSessions, now);
  const authenticate = createAuthenticate(apiTokens, sessions);
  const guard = createGuard({ authenticate, sessions, countFailure, identify, onProven: bodies.markProven });
  const openApi = describeRoutes(server, deps.version);
  await server.register(async (routes) => {
    if (realtime) realtimeRoute(routes, { ...deps, bodies }, countFailure);
    if (bulk) syncRoutes(routes, { ...deps, guard });
    // On every port, because both realtime and bulk store dead letters.
    deadLetterRoutes(routes, { ...deps, guard });
    explainRoutes(routes, { ...deps, guard });
    findRoutes(routes, { ...deps, guard });
    if (deps.dashboard && serves !== 'realtime') {
      const warn = (detail: string) => events.emit({ type: 'warning', detail });
      sessionRoutes(routes, { sessions, authenticate, countFailure, identify, warn });
      dashboardRoutes(routes, { ...deps.dashboard, events, now, guard, syncs: bulk });
    }
    healthRoutes(routes, deps);
    metricsRoute(routes, { ...deps, guard });
    routes.get('/openapi.json', { schema: { hide: true } }, openApi);
  });
  return server;
}

const openPaths: ReadonlySet<string | undefined> = new Set(['/health', '/ready']);

/** Routes with a guard of their own refuse with a reason of their own. */
async function onlyThisMachine(request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const { method, routeOptions } = request;
  const isPush = method === 'POST' && routeOptions.url === '/';
  if (reply.sent || isPush || openPaths.has(routeOptions.url) || isOnThisMachine(request)) return;
  await reply.code(403).send({ error: withoutTokens });
}

/** Parses JSON, CloudEvents, and the text/plain that some brokers send; an empty body is undefined. */
function acceptJson(server: FastifyInstance): void {
  const parse = server.getDefaultJsonParser('error', 'error');
  server.removeContentTypeParser(['application/json', 'text/plain']);
  server.addContentTypeParser(
    ['application/json', 'application/cloudevents+json', 'application/cloudevents-batch+json', 'text/plain'],
    { parseAs: 'string' },
    (request, body, done) => {
      if (body === '') done(null, undefined);
      else parse(request, String(body), done);
    },
  );
}
