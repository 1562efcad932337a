/** The service's HTTP face: one server for each port, each with the routes that it serves. */
import cookie from '@fastify/cookie';
import swagger from '@fastify/swagger';
import fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import { jsonSchemaTransform, serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import type { Port } from '../config/config.ts';
import { type DashboardParts, dashboardRoutes } from '../dashboard/routes.ts';
import { createGuard, createIdentify } from './auth/authenticate.ts';
import { createSessions } from './auth/sessions.ts';
import type { ApiTokens } from './auth/tokens.ts';
import { createOnUnknownPath, maxBytes, onError } from './error-handler.ts';
import { type DeadLetterRouteParts, deadLetterRoutes } from './routes/dead-letters.ts';
import { type ExplainRouteParts, explainRoutes } from './routes/explain.ts';
import { healthRoutes, type Readiness } from './routes/health.ts';
import { type MetricsRouteParts, metricsRoute } from './routes/metrics.ts';
import { type RealtimeRouteParts, realtimeRoute } from './routes/realtime.ts';
import { sessionRoutes } from './routes/session.ts';
import { type SyncRouteParts, syncRoutes } from './routes/sync.ts';
import { harden } from './security-headers.ts';

export interface ServerParts
  extends RealtimeRouteParts,
    Omit<SyncRouteParts, 'guard'>,
    Omit<DeadLetterRouteParts, 'guard'>,
    Omit<ExplainRouteParts, 'guard'>,
    Omit<MetricsRouteParts, 'guard'> {
  /** Absent: there is none. */
  dashboard?: Omit<DashboardParts, 'guard' | 'syncs'>;
  apiTokens: ApiTokens;
  log: FastifyBaseLogger;
  version: string;
  /** Which halves this process does. */
  realtime: boolean;
  bulk: boolean;
  readiness(): Promise<Readiness>;
}

/** @param serves what the port is for; further narrowed by what the process does */
export async function buildServer(parts: ServerParts, serves: Port['serves']): Promise<FastifyInstance> {
  const server: FastifyInstance = fastify({
    loggerInstance: parts.log,
    // One line for each message and run comes from activity.ts; a second one for each request would only repeat it.
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: maxBytes,
    forceCloseConnections: 'idle',
    frameworkErrors: onError,
  });
  server.setValidatorCompiler(validatorCompiler);
  server.setSerializerCompiler(serializerCompiler);
  server.setErrorHandler(onError);
  const realtime = parts.realtime && serves !== 'bulk';
  const bulk = parts.bulk && serves !== 'realtime';
  server.setNotFoundHandler(createOnUnknownPath({ realtime, bulk }));
  acceptJson(server);
  const countFailure = await harden(server);
  await server.register(cookie);
  const sessions = createSessions(parts.apiTokens);
  const identify = createIdentify(parts.apiTokens, sessions);
  const guard = createGuard(identify, countFailure);
  await server.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'commercetools-klaviyo',
        version: parts.version,
        description: 'Keeps Klaviyo in step with commercetools.',
      },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
    },
    transform: jsonSchemaTransform,
  });
  await server.register(async (routes) => {
    if (realtime) realtimeRoute(routes, parts, countFailure);
    if (bulk) syncRoutes(routes, { ...parts, guard });
    // Whichever half it does: both keep some.
    deadLetterRoutes(routes, { ...parts, guard });
    explainRoutes(routes, { ...parts, guard });
    if (parts.dashboard && serves !== 'realtime') {
      sessionRoutes(routes, { sessions, identify, countFailure });
      dashboardRoutes(routes, { ...parts.dashboard, guard, syncs: bulk });
    }
    healthRoutes(routes, parts);
    metricsRoute(routes, { ...parts, guard });
    routes.get('/openapi.json', { schema: { hide: true } }, () => server.swagger());
  });
  return server;
}

/** JSON under its own name, as a CloudEvent, or as the plain text that some brokers call it; an empty body is none. */
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
