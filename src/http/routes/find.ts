/** GET /find: what became of a record. POST /find: sends it again. Responses are neither logged nor cached. */
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Find } from '../../engine/find/find.ts';
import { findableBy, findableTypes, foundSchema } from '../../engine/find/schema.ts';
import type { Guard } from '../auth/authenticate.ts';
import { problemSchema, refusals, security } from '../error-handler.ts';

export interface FindRouteDeps {
  find: Find;
  guard: Guard;
}

const query = z.strictObject({
  text: z.string().trim().min(1).max(256).describe(findableBy),
  full: z.stringbool().default(false).describe('true: also what would be sent, which holds personal data'),
});
const record = z.strictObject({ type: z.enum(findableTypes), id: z.string().min(1).max(256) });
const sentAgain = z.object({ outcome: z.string(), reason: z.string().optional() });

const statusOf = { delivered: 200, skipped: 200, rejected: 202, unavailable: 503, 'not-replayable': 409 } as const;

export function findRoutes(server: FastifyInstance, { find, guard }: FindRouteDeps): void {
  const routes = server.withTypeProvider<ZodTypeProvider>();
  const url = '/find';
  routes.route({
    method: 'GET',
    url,
    onRequest: guard,
    schema: {
      operationId: 'find',
      security,
      summary: 'What became of a record: deliveries, dead letters, and what Klaviyo holds',
      querystring: query,
      response: { 200: foundSchema, 400: problemSchema, ...refusals, 503: problemSchema },
    },
    handler: async ({ query: { text, full } }, reply) => {
      reply.header('cache-control', 'no-store');
      return find.find(text, full);
    },
  });
  routes.route({
    method: 'POST',
    url,
    onRequest: guard,
    schema: {
      operationId: 'find-again',
      security,
      summary: 'Reads a record and sends it again, as a sync does: its events trigger no flows',
      body: record,
      response: {
        200: sentAgain,
        202: sentAgain.describe('Klaviyo rejected it'),
        400: problemSchema,
        409: sentAgain.describe('its rules are disabled'),
        ...refusals,
        503: z.union([sentAgain, problemSchema]),
      },
    },
    handler: async ({ body: { type, id } }, reply) => {
      const result = await find.again(type, id);
      return reply.code(statusOf[result.outcome]).send(result);
    },
  });
}
