/** GET / : the dashboard's page, its files, its stream, and the settings in force. What acts goes through the API's own paths. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { EffectiveSetting } from '../config/effective-config.ts';
import type { AppEvents } from '../telemetry/app-events.ts';
import { assetFiles, createAssets } from './assets.ts';
import { createStream } from './event-stream.ts';
import { createViews, type ViewParts } from './snapshots.ts';

export interface DashboardParts extends ViewParts {
  events: AppEvents;
  effectiveConfig: readonly EffectiveSetting[];
  guard(request: FastifyRequest, reply: FastifyReply): Promise<void>;
  /** Whether this port takes syncs. */
  syncs: boolean;
}

/** Everything is our own and comes from here: no inline script, no other host, in nobody's frame. */
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

const problem = z.object({ error: z.string() });
const settings = z.object({
  syncs: z.boolean().describe('whether this port takes syncs'),
  rows: z.array(
    z.object({ kind: z.string(), name: z.string(), value: z.string(), from: z.string(), description: z.string() }),
  ),
});
const security = [{ token: [] }];
const refusals = { 401: problem, 403: problem, 429: problem };

export function dashboardRoutes(server: FastifyInstance, parts: DashboardParts): void {
  pageRoutes(server);
  const stream = createStream({ events: parts.events, views: createViews(parts), now: parts.now });
  server.addHook('preClose', async () => stream.close());
  const routes = server.withTypeProvider<ZodTypeProvider>();
  routes.route({
    method: 'GET',
    url: '/dashboard/stream',
    onRequest: parts.guard,
    schema: {
      operationId: 'dashboard-stream',
      security,
      summary: 'Server-sent events: now, runs, feed',
      response: { 200: z.unknown().describe('text/event-stream'), 503: problem, ...refusals },
    },
    handler: async (_request, reply) => {
      const reader = stream.open();
      if (!reader) return reply.code(503).send({ error: 'as many dashboards are open as this process serves' });
      return reply.type('text/event-stream').header('x-accel-buffering', 'no').send(reader);
    },
  });
  routes.route({
    method: 'GET',
    url: '/dashboard/settings',
    onRequest: parts.guard,
    schema: {
      operationId: 'dashboard-settings',
      security,
      summary: 'The settings in force, and where each comes from; secrets as ***',
      response: { 200: settings, ...refusals },
    },
    handler: async () => ({ syncs: parts.syncs, rows: [...parts.effectiveConfig] }),
  });
}

/** Open to everybody: they hold nothing but the page itself. */
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
        // A new version is there at once, and an old one is not sent twice.
        reply.header('cache-control', 'no-cache').header('etag', etag);
        if (request.headers['if-none-match'] === etag) return reply.code(304).send();
        return reply.type(type).send(text);
      },
    });
  }
}
