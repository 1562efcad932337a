/**
 * Routes of the dashboard: its page and files, the event stream, one run, and the effective settings. Actions use the API's paths,
 * except the live check's.
 */
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { EffectiveSetting } from '../config/effective-config.ts';
import type { AppEvents } from '../telemetry/app-events.ts';
import { assetFiles, createAssets } from './assets.ts';
import { createEventStream } from './event-stream.ts';
import { type LiveCheckRouteDeps, liveCheckRoutes } from './live-check-routes.ts';
import { createRunRows } from './run-rows.ts';
import { errorResponses, problem, runDetailSchema, security, settingsSchema } from './schemas.ts';
import { createSnapshots, type SnapshotDeps } from './snapshots.ts';

export interface DashboardDeps extends SnapshotDeps, LiveCheckRouteDeps {
  events: AppEvents;
  effectiveConfig: readonly EffectiveSetting[];
  syncs: boolean;
}

/** Allows only files of this host, no inline scripts, and no embedding in frames. */
const contentSecurityPolicy = {
  useDefaults: false,
  directives: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'"],
    imgSrc: ["'self'"],
    connectSrc: ["'self'"],
    formAction: ["'self'"],
    baseUri: ["'none'"],
    frameAncestors: ["'none'"],
  },
};

const params = z.object({ id: z.string().min(1).max(256) });

export function dashboardRoutes(server: FastifyInstance, deps: DashboardDeps): void {
  pageRoutes(server);
  const runRows = createRunRows(deps);
  const snapshots = { ...createSnapshots(deps, runRows) };
  const stream = createEventStream({ events: deps.events, snapshots, now: deps.now });
  server.addHook('preClose', async () => stream.close());
  liveCheckRoutes(server, deps);
  const routes = server.withTypeProvider<ZodTypeProvider>();
  routes.route({
    method: 'GET',
    url: '/dashboard/stream',
    // Its handler opens a stream, which the answer to HEAD would never read.
    exposeHeadRoute: false,
    onRequest: deps.guard,
    schema: {
      operationId: 'dashboard-stream',
      security,
      summary: 'Server-sent events: overview, syncs, feed',
      response: { 200: z.unknown().describe('text/event-stream'), 503: problem, ...errorResponses },
    },
    handler: async (_request, reply) => {
      const reader = stream.open();
      if (!reader) return reply.code(503).send({ error: 'too many open dashboards for this process' });
      return reply.type('text/event-stream').header('x-accel-buffering', 'no').send(reader);
    },
  });
  routes.route({
    method: 'GET',
    url: '/dashboard/settings',
    onRequest: deps.guard,
    schema: {
      operationId: 'dashboard-settings',
      security,
      summary: 'The settings in force, and where each comes from; secrets as ***',
      response: { 200: settingsSchema, ...errorResponses },
    },
    handler: async () => ({ syncs: deps.syncs, rows: [...deps.effectiveConfig] }),
  });
  routes.route({
    method: 'GET',
    url: '/dashboard/runs/:id',
    onRequest: deps.guard,
    schema: {
      operationId: 'dashboard-run',
      security,
      summary: 'One run: its state, position and log',
      params,
      response: { 200: runDetailSchema, 404: problem, 503: problem, ...errorResponses },
    },
    handler: async (request, reply) => {
      const detail = await runRows.detail(request.params.id);
      return detail ? reply.code(200).send(detail) : reply.code(404).send({ error: 'there is no such run (any more)' });
    },
  });
}

/** Need no authentication, because the files hold no data. */
function pageRoutes(server: FastifyInstance): void {
  const asset = createAssets();
  for (const [url, file] of assetFiles()) {
    server.route({
      method: 'GET',
      url,
      helmet: url === '/' ? { contentSecurityPolicy } : {},
      schema: { hide: true },
      handler: async (request, reply) => {
        const { text, type, etag } = await asset(file);
        // Browsers revalidate on each load, so that a new version is used at once.
        reply.header('cache-control', 'no-cache').header('etag', etag);
        if (request.headers['if-none-match'] === etag) return reply.code(304).send();
        return reply.type(type).send(text);
      },
    });
  }
}
