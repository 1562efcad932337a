/** GET /explain: what would be sent for a record, and why. Responses hold personal data and are neither logged nor cached. */
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { CommercetoolsError } from '../../commercetools/errors.ts';
import { type Explain, explainedTypes } from '../../engine/explain/explain.ts';
import { explainedSchema } from '../../engine/explain/schema.ts';
import { LookupUnavailable } from '../../lib/errors.ts';
import type { Guard } from '../auth/authenticate.ts';
import { problemSchema, refusals, security } from '../error-handler.ts';

export interface ExplainRouteDeps {
  explain: Explain;
  guard: Guard;
}

const params = z.object({
  type: z.string().describe(explainedTypes.join(', ')),
  id: z.string().min(1).max(256).describe("commercetools' id of the record"),
});
const retrySeconds = 5;

export function explainRoutes(server: FastifyInstance, { explain, guard }: ExplainRouteDeps): void {
  server.withTypeProvider<ZodTypeProvider>().route({
    method: 'GET',
    url: '/explain/:type/:id',
    onRequest: guard,
    schema: {
      operationId: 'explain',
      security,
      summary: 'What would be sent of a record, by which rule and from which fields. Nothing is sent',
      params,
      response: {
        200: explainedSchema,
        400: problemSchema,
        404: problemSchema,
        ...refusals,
        502: problemSchema.describe('commercetools refuses the client, or the client lacks a scope'),
        503: problemSchema.describe('commercetools is unavailable'),
      },
    },
    handler: async ({ params: { type, id } }, reply) => {
      const explainedType = explainedTypes.find((name) => name === type);
      if (!explainedType)
        return reply.code(404).send({ error: `nothing is known of ${type}: take one of ${explainedTypes.join(', ')}` });
      try {
        const explained = await explain(explainedType, id);
        if (explained) return reply.code(200).send(explained);
        return reply.code(404).send({ error: `commercetools has no ${explainedType} with the id ${id}` });
      } catch (thrown) {
        if (!(thrown instanceof CommercetoolsError || thrown instanceof LookupUnavailable)) throw thrown;
        if (thrown instanceof CommercetoolsError && thrown.type !== 'unavailable')
          return reply.code(502).send({ error: reasonWithFix(thrown) });
        reply.header('retry-after', retrySeconds);
        return reply.code(503).send({ error: `not now: ${thrown.message}` });
      }
    },
  });
}

function reasonWithFix({ type, message }: CommercetoolsError): string {
  if (type === 'forbidden') return `${message}: the API client lacks the scope to read it; ctk check names it`;
  return `${message}: run ctk check to find the cause`;
}
