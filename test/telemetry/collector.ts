/** A collector of traces: takes OTLP over HTTP as JSON, as OpenTelemetry's own does. */
import fastify from 'fastify';
import { z } from 'zod';

const value = z.looseObject({
  stringValue: z.string().optional(),
  intValue: z.union([z.number(), z.string()]).optional(),
});
const attributes = z
  .array(z.object({ key: z.string(), value }))
  .transform((all) => Object.fromEntries(all.map((one) => [one.key, one.value.stringValue ?? one.value.intValue])));
const span = z.looseObject({
  traceId: z.string(),
  spanId: z.string(),
  parentSpanId: z.string().optional(),
  name: z.string(),
  attributes,
  links: z.array(z.looseObject({ traceId: z.string(), spanId: z.string() })).default([]),
});
export type SeenSpan = z.infer<typeof span>;
/** https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/collector/trace/v1/trace_service.proto */
const request = z.object({
  resourceSpans: z.array(
    z.object({
      resource: z.looseObject({ attributes }),
      scopeSpans: z.array(z.object({ spans: z.array(span) })),
    }),
  ),
});

export interface Collector {
  url: string;
  spans: SeenSpan[];
  /** Names of the services that sent them. */
  services: Set<string>;
  headers: Record<string, unknown>[];
  /** All that was received, as text. */
  said: string[];
  stop(): Promise<void>;
}

/** @param status what it answers */
export async function startCollector(status = 200): Promise<Collector> {
  const server = fastify();
  const collector = {
    spans: [] as SeenSpan[],
    services: new Set<string>(),
    headers: [] as Record<string, unknown>[],
    said: [] as string[],
  };
  server.post('/v1/traces', async (asked, reply) => {
    collector.headers.push(asked.headers);
    collector.said.push(JSON.stringify(asked.body));
    for (const { resource, scopeSpans } of request.parse(asked.body).resourceSpans) {
      collector.services.add(String(resource.attributes['service.name']));
      collector.spans.push(...scopeSpans.flatMap(({ spans }) => spans));
    }
    return reply.code(status).send({});
  });
  const url = await server.listen({ port: 0, host: '127.0.0.1' });
  return { url, ...collector, stop: () => server.close() };
}
