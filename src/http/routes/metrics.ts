/** GET /metrics for Prometheus. Requires read access. */
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Metrics } from '../../telemetry/metrics.ts';
import type { Guard } from '../auth/authenticate.ts';
import { refusals, security } from '../error-handler.ts';

export interface MetricsRouteDeps {
  metrics: Metrics;
  guard: Guard;
}

export function metricsRoute(server: FastifyInstance, { metrics, guard }: MetricsRouteDeps): void {
  server.withTypeProvider<ZodTypeProvider>().route({
    method: 'GET',
    url: '/metrics',
    onRequest: guard,
    schema: {
      operationId: 'metrics',
      summary: "Counts and states in Prometheus' text format; docs/monitoring.md says what each means",
      security,
      response: { 200: { content: { 'text/plain': { schema: z.string() } } }, ...refusals },
    },
    handler: async (_request, reply) => {
      const { contentType, text } = await metrics.scrape();
      return reply.type(contentType).send(text);
    },
  });
}
