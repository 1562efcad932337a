/** /dead-letters: what could not be delivered, shown, sent again, discarded. */
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
import type { Guard } from '../auth/authenticate.ts';
import { problemSchema } from '../error-handler.ts';

export interface DeadLetterRouteParts {
  deadLetters: DeadLetters;
  replay: Replay;
  guard: Guard;
}

/** The token of callers from elsewhere; see server.ts. */
const security = [{ token: [] }];

const kindShape = {
  rule: z.string().optional().describe('the rule that wrote it, such as placed-order'),
  code: z.string().optional().describe("Klaviyo's code, unreadable or failed"),
  resource: z.string().optional().describe("the record's type, such as order"),
};
const after = z.string().optional().describe('the `next` or `after` of the answer before');
const listQuery = z.strictObject({ ...kindShape, after, limit: z.coerce.number().int().min(1).max(500).default(100) });
const actBody = z
  .strictObject({ ...kindShape, all: z.literal(true).optional(), after })
  .refine(
    ({ rule, code, resource, all }) => all !== undefined || [rule, code, resource].some((one) => one !== undefined),
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

export function deadLetterRoutes(server: FastifyInstance, parts: DeadLetterRouteParts): void {
  const routes = server.withTypeProvider<ZodTypeProvider>();
  const { deadLetters, replay } = parts;
  const shared = { onRequest: parts.guard };
  const refusals = {
    400: problemSchema,
    401: problemSchema,
    403: problemSchema,
    429: problemSchema,
    503: problemSchema,
  };
  const unknown = { error: 'there is no such dead letter (any more)' };

  routes.route({
    ...shared,
    method: 'GET',
    url: '/dead-letters',
    schema: {
      operationId: 'dead-letters',
      security,
      summary: 'What could not be delivered, by rule, code or resource',
      querystring: listQuery,
      response: { 200: listed, ...refusals },
    },
    handler: async ({ query: { limit, after, ...kind } }) => page(deadLetters.list(kindOf(kind), after), limit),
  });
  routes.route({
    ...shared,
    method: 'GET',
    url: '/dead-letters/:id',
    schema: {
      operationId: 'dead-letter',
      security,
      summary: 'One dead letter',
      params,
      response: { 200: deadLetterSchema, 404: problemSchema, ...refusals },
    },
    handler: async (request, reply) => {
      const letter = await found(deadLetters, request.params.id);
      return letter ? reply.code(200).send(letter) : reply.code(404).send(unknown);
    },
  });
  routes.route({
    ...shared,
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
        ...refusals,
        503: z.union([replayed, problemSchema]),
      },
    },
    handler: async (request, reply) => {
      const letter = await found(deadLetters, request.params.id);
      if (!letter) return reply.code(404).send(unknown);
      const answer = await replay.one(letter);
      return reply.code(statusOf[answer.outcome]).send(answer);
    },
  });
  routes.route({
    ...shared,
    method: 'POST',
    url: '/dead-letters/replay',
    schema: {
      operationId: 'dead-letters-replay',
      security,
      summary: 'Replays all of a kind, a hundred at a time',
      body: actBody,
      response: { 200: replayedAll, ...refusals },
    },
    handler: async ({ body }) => replay.all(kindOf(body), body.after),
  });
  routes.route({
    ...shared,
    method: 'POST',
    url: '/dead-letters/:id/discard',
    schema: {
      operationId: 'dead-letter-discard',
      security,
      summary: 'Forgets one for good',
      params,
      body: z.unknown().optional(),
      response: { 200: discarded, 404: problemSchema, ...refusals },
    },
    handler: async (request, reply) => {
      const letter = await found(deadLetters, request.params.id);
      if (!letter) return reply.code(404).send(unknown);
      await deadLetters.discard(letter.id);
      return reply.code(200).send({ discarded: 1 });
    },
  });
  routes.route({
    ...shared,
    method: 'POST',
    url: '/dead-letters/discard',
    schema: {
      operationId: 'dead-letters-discard',
      security,
      summary: 'Forgets all of a kind for good',
      body: actBody,
      response: { 200: discarded, ...refusals },
    },
    handler: async ({ body }) => ({ discarded: await discardAll(deadLetters, kindOf(body)) }),
  });
}

async function page(letters: AsyncIterable<DeadLetter>, limit: number): Promise<z.infer<typeof listed>> {
  const found: DeadLetter[] = [];
  for await (const letter of letters) {
    // One more than asked for: there is a next page.
    if (found.length === limit) return { letters: found, next: found.at(-1)?.id };
    found.push(letter);
  }
  return { letters: found };
}

/** An id of any text: what can't be a key is not there. */
async function found(deadLetters: DeadLetters, id: string): Promise<DeadLetter | undefined> {
  return /^[0-9a-f]{40}$/.test(id) ? deadLetters.get(id) : undefined;
}

function kindOf({ rule, code, resource }: { [name in keyof DeadLetterFilter]: string | undefined }): DeadLetterFilter {
  return {
    ...(rule === undefined ? {} : { rule }),
    ...(code === undefined ? {} : { code }),
    ...(resource === undefined ? {} : { resource }),
  };
}
