/** /health: alive. /ready: both APIs answer with these credentials, and it is not about to end. Both are open and say nothing secret. */
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

export interface HealthRouteParts {
  readiness(): Promise<Readiness>;
  /** Told to end: what is under way finishes, nothing new may come. */
  stopping(): boolean;
}

export function healthRoutes(server: FastifyInstance, parts: HealthRouteParts): void {
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
      response: { 200: readiness, 503: z.union([readiness, stopping.describe('told to end')]) },
    },
    handler: async (_request, reply) => {
      if (parts.stopping()) return reply.code(503).send({ ready: false, reason: 'the service is stopping' });
      const now = await parts.readiness();
      return reply.code(now.ready ? 200 : 503).send(now);
    },
  });
}
