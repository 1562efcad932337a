/** /explain: what would be sent of a record, and why. The answer holds personal data: it is neither logged nor cached. */
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { CommercetoolsError } from '../../commercetools/errors.ts';
import { type Explain, explainedTypes } from '../../engine/explain/explain.ts';
import { explainedSchema } from '../../engine/explain/schema.ts';
import type { Guard } from '../auth/authenticate.ts';
import { problemSchema } from '../error-handler.ts';

export interface ExplainRouteParts {
  explain: Explain;
  guard: Guard;
}

const params = z.object({
  type: z.string().describe(explainedTypes.join(', ')),
  id: z.string().min(1).max(256).describe("commercetools' id of the record"),
});
/** While commercetools is away. */
const restSeconds = 5;

export function explainRoutes(server: FastifyInstance, { explain, guard }: ExplainRouteParts): void {
  server.withTypeProvider<ZodTypeProvider>().route({
    method: 'GET',
    url: '/explain/:type/:id',
    onRequest: guard,
    schema: {
      operationId: 'explain',
      security: [{ token: [] }],
      summary: 'What would be sent of a record, by which rule and from which fields. Nothing is sent',
      params,
      response: {
        200: explainedSchema,
        400: problemSchema,
        401: problemSchema,
        403: problemSchema,
        404: problemSchema,
        429: problemSchema,
        502: problemSchema.describe('commercetools refuses the client, or the client lacks a scope'),
        503: problemSchema.describe('commercetools is away'),
      },
    },
    handler: async ({ params: { type, id } }, reply) => {
      const known = explainedTypes.find((one) => one === type);
      if (!known)
        return reply.code(404).send({ error: `nothing is known of ${type}: take one of ${explainedTypes.join(', ')}` });
      try {
        const explained = await explain(known, id);
        if (explained) return reply.code(200).send(explained);
        return reply.code(404).send({ error: `commercetools has no ${known} with the id ${id}` });
      } catch (thrown) {
        if (!(thrown instanceof CommercetoolsError)) throw thrown;
        if (thrown.type !== 'unavailable') return reply.code(502).send({ error: wayOut(thrown) });
        reply.header('retry-after', restSeconds);
        return reply.code(503).send({ error: `not now: ${thrown.message}` });
      }
    },
  });
}

function wayOut({ type: kind, message }: CommercetoolsError): string {
  if (kind === 'forbidden') return `${message}: the API client lacks the scope to read it; ctk check names it`;
  return `${message}: ctk check tells what is wrong`;
}
