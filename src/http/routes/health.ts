/**
 * GET /health: the process is alive. GET /ready: both APIs respond with these credentials, and the service is not stopping.
 * Both need no authentication and contain no secrets.
 */
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';

const readiness = z.object({
  ready: z.boolean(),
  commercetools: z.string().describe('ok, or what is wrong'),
  klaviyo: z.string().describe('ok, or what is wrong'),
  sources: z.record(z.string(), z.string()).describe('ways in which messages arrive: ok, or what is wrong'),
  subscriptions: z.record(z.string(), z.string()).describe('status of each of our subscriptions; not part of ready'),
});
export type Readiness = z.infer<typeof readiness>;

const stopping = z.object({ ready: z.literal(false), reason: z.string() });

export interface HealthRouteDeps {
  readiness(): Promise<Readiness>;
  /** True during shutdown: requests in flight complete, new ones are rejected. */
  stopping(): boolean;
}

export function healthRoutes(server: FastifyInstance, deps: HealthRouteDeps): void {
  const routes = server.withTypeProvider<ZodTypeProvider>();
  routes.route({
    method: 'GET',
    url: '/health',
    schema: { summary: 'Alive', response: { 200: z.object({ status: z.literal('ok') }) } },
    handler: async () => ({ status: 'ok' as const }),
  });
  routes.route({
    method: 'GET',
    url: '/ready',
    schema: {
      summary: 'Both APIs are reachable with these credentials; cached some seconds',
      response: { 200: readiness, 503: z.union([readiness, stopping.describe('stopping')]) },
    },
    handler: async (_request, reply) => {
      if (deps.stopping()) return reply.code(503).send({ ready: false, reason: 'the service is stopping' });
      const now = await deps.readiness();
      return reply.code(now.ready ? 200 : 503).send(now);
    },
  });
}
