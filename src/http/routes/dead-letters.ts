/** /dead-letters: lists, shows, replays and discards dead letters. */
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import {
  type DeadLetter,
  type DeadLetterFilter,
  type DeadLetters,
  deadLetterSchema,
  discardAll,
} from '../../engine/delivery/dead-letters.ts';
import type { Replay, ReplayResult } from '../../engine/delivery/replay.ts';
import { omitUndefined } from '../../lib/omit-undefined.ts';
import type { Guard } from '../auth/authenticate.ts';
import { problemSchema, refusals, security } from '../error-handler.ts';

export interface DeadLetterRouteDeps {
  deadLetters: DeadLetters;
  replay: Replay;
  guard: Guard;
}

const filterShape = {
  rule: z.string().optional().describe('the rule that wrote it, such as placed-order'),
  code: z.string().optional().describe("Klaviyo's code, unreadable or failed"),
  resource: z.string().optional().describe("the record's type, such as order"),
};
const after = z.string().optional().describe('the `next` or `after` of the answer before');
const listQuery = z.strictObject({
  ...filterShape,
  after,
  limit: z.coerce.number().int().min(1).max(500).default(100),
});
const bulkActionBody = z
  .strictObject({ ...filterShape, all: z.literal(true).optional(), after })
  .refine(
    ({ rule, code, resource, all }) =>
      all !== undefined || [rule, code, resource].some((filter) => filter !== undefined),
    {
      error: 'name a rule, code or resource, or say {"all": true}',
    },
  );
const listed = z.object({ letters: z.array(deadLetterSchema), next: z.string().optional() });
const replayed = z.object({ outcome: z.string(), reason: z.string().optional() });
const replayedAll = z.object({
  delivered: z.int(),
  skipped: z.int().describe('nothing is to be sent any more'),
  rejected: z.int().describe('rejected again'),
  notReplayable: z.int().describe('unreadable: can only be discarded'),
  unavailable: z.string().optional(),
  after: z.string().optional().describe('not all are through: ask again with it'),
});
const discarded = z.object({ discarded: z.int() });
const params = z.object({ id: z.string() });

const statusOf: Record<ReplayResult['outcome'], 200 | 202 | 409 | 503> = {
  delivered: 200,
  skipped: 200,
  rejected: 202,
  unavailable: 503,
  'not-replayable': 409,
};

export function deadLetterRoutes(server: FastifyInstance, deps: DeadLetterRouteDeps): void {
  const routes = server.withTypeProvider<ZodTypeProvider>();
  const { deadLetters, replay } = deps;
  const common = { onRequest: deps.guard };
  const errorResponses = { 400: problemSchema, ...refusals, 503: problemSchema };
  const notFound = { error: 'there is no such dead letter (any more)' };

  routes.route({
    ...common,
    method: 'GET',
    url: '/dead-letters',
    schema: {
      operationId: 'dead-letters',
      security,
      summary: 'What could not be delivered, by rule, code or resource',
      querystring: listQuery,
      response: { 200: listed, ...errorResponses },
    },
    handler: async ({ query: { limit, after, ...filter } }) => page(deadLetters.list(filterOf(filter), after), limit),
  });
  routes.route({
    ...common,
    method: 'GET',
    url: '/dead-letters/:id',
    schema: {
      operationId: 'dead-letter',
      security,
      summary: 'One dead letter',
      params,
      response: { 200: deadLetterSchema, 404: problemSchema, ...errorResponses },
    },
    handler: async (request, reply) => {
      const letter = await findLetter(deadLetters, request.params.id);
      return letter ? reply.code(200).send(letter) : reply.code(404).send(notFound);
    },
  });
  routes.route({
    ...common,
    method: 'POST',
    url: '/dead-letters/:id/replay',
    schema: {
      operationId: 'dead-letter-replay',
      security,
      summary: 'Fetches the record again and sends it through the same rules',
      params,
      body: z.unknown().optional(),
      response: {
        200: replayed,
        202: replayed,
        404: problemSchema,
        409: replayed,
        ...errorResponses,
        503: z.union([replayed, problemSchema]),
      },
    },
    handler: async (request, reply) => {
      const letter = await findLetter(deadLetters, request.params.id);
      if (!letter) return reply.code(404).send(notFound);
      const result = await replay.one(letter);
      return reply.code(statusOf[result.outcome]).send(result);
    },
  });
  routes.route({
    ...common,
    method: 'POST',
    url: '/dead-letters/replay',
    schema: {
      operationId: 'dead-letters-replay',
      security,
      summary: 'Replays all of a kind, a hundred at a time',
      body: bulkActionBody,
      response: { 200: replayedAll, ...errorResponses },
    },
    handler: async ({ body }) => replay.all(filterOf(body), body.after),
  });
  routes.route({
    ...common,
    method: 'POST',
    url: '/dead-letters/:id/discard',
    schema: {
      operationId: 'dead-letter-discard',
      security,
      summary: 'Forgets one for good',
      params,
      body: z.unknown().optional(),
      response: { 200: discarded, 404: problemSchema, ...errorResponses },
    },
    handler: async (request, reply) => {
      const letter = await findLetter(deadLetters, request.params.id);
      if (!letter) return reply.code(404).send(notFound);
      await deadLetters.discard(letter.id);
      return reply.code(200).send({ discarded: 1 });
    },
  });
  routes.route({
    ...common,
    method: 'POST',
    url: '/dead-letters/discard',
    schema: {
      operationId: 'dead-letters-discard',
      security,
      summary: 'Forgets all of a kind for good',
      body: bulkActionBody,
      response: { 200: discarded, ...errorResponses },
    },
    handler: async ({ body }) => ({ discarded: await discardAll(deadLetters, filterOf(body)) }),
  });
}

async function page(all: AsyncIterable<DeadLetter>, limit: number): Promise<z.infer<typeof listed>> {
  const letters: DeadLetter[] = [];
  for await (const letter of all) {
    // A letter beyond the limit means that there is a next page.
    if (letters.length === limit) return { letters, next: letters.at(-1)?.id };
    letters.push(letter);
  }
  return { letters };
}

/** @param id any text; one that can't be a key is not looked up */
async function findLetter(deadLetters: DeadLetters, id: string): Promise<DeadLetter | undefined> {
  return /^[0-9a-f]{40}$/.test(id) ? deadLetters.get(id) : undefined;
}

function filterOf({
  rule,
  code,
  resource,
}: { [name in keyof DeadLetterFilter]: string | undefined }): DeadLetterFilter {
  return omitUndefined({ rule, code, resource });
}
