/** POST / : a pushed message, answered with its verdict. */
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Activity } from '../activity.ts';
import type { Verdict } from '../engine/verdict.ts';
import { unwrapPush } from '../sources/http-push.ts';
import type { Handle } from '../sources/source.ts';
import { problemSchema } from './answers.ts';
import { refusePush } from './callers.ts';

export interface RealtimeRouteParts {
  receive: Handle;
  activity: Activity;
  allowUnauthenticatedPush: boolean;
  /** Nothing is taken any more. */
  stopping(): boolean;
}

const kept = z.object({ kept: z.array(z.string()).describe('why it is kept as a dead letter') });
const restartSeconds = 5;

export function realtimeRoute(server: FastifyInstance, parts: RealtimeRouteParts): void {
  server.withTypeProvider<ZodTypeProvider>().route({
    method: 'POST',
    url: '/',
    // Before the body is read: who may not push need not send it.
    onRequest: async (request, reply) => {
      const refusal = refusePush(request, parts.allowUnauthenticatedPush);
      if (refusal) await reply.code(401).send({ error: refusal.reason });
    },
    schema: {
      operationId: 'push',
      summary: 'Takes a message: Google Pub/Sub push, a CloudEvent or a plain commercetools payload',
      body: z.unknown(),
      response: {
        202: kept.describe('refused for good or unreadable inside: kept as a dead letter'),
        204: z.undefined().describe('accepted by Klaviyo, or nothing was to be done'),
        400: problemSchema,
        401: problemSchema,
        503: problemSchema.describe('not now: deliver it again after Retry-After seconds'),
      },
    },
    handler: async (request, reply) => {
      if (parts.stopping())
        return reply.code(503).header('retry-after', restartSeconds).send({ error: 'the service is stopping' });
      const unwrapped = unwrapPush(request.body);
      if (!unwrapped.ok) {
        parts.activity.tell({ what: 'broken-envelope', reason: unwrapped.reason });
        return reply.code(400).send({ error: unwrapped.reason });
      }
      const verdict = await parts.receive(unwrapped.message);
      if (verdict.answer === 'again') {
        return reply.code(503).header('retry-after', retryAfterSeconds(verdict)).send({ error: verdict.reason });
      }
      if (verdict.answer === 'kept') return reply.code(202).send({ kept: verdict.reasons });
      return reply.code(204).send();
    },
  });
}

const defaultRetrySeconds = 10;

function retryAfterSeconds(verdict: Extract<Verdict, { answer: 'again' }>): number {
  return verdict.retryAfterMs === undefined
    ? defaultRetrySeconds
    : Math.max(1, Math.ceil(verdict.retryAfterMs / 1_000));
}
