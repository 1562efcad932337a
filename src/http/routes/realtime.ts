/** POST / : a pushed message, answered with its verdict. OPTIONS / : may Event Grid push here? */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Gate, HttpPush, PushAnswer } from '../../sources/http-push.ts';
import { consentTo } from '../../sources/push/event-grid.ts';
import { withTrace } from '../../telemetry/span.ts';
import { type CountFailure, isOnThisMachine, sendRefusal } from '../auth/authenticate.ts';
import { problemSchema } from '../error-handler.ts';

export interface RealtimeRouteParts {
  push: HttpPush;
}

const deadLettered = z.object({ deadLettered: z.array(z.string()).describe('codes of the stored dead letters') });
const confirmed = z.record(z.string(), z.unknown());

export function realtimeRoute(server: FastifyInstance, { push }: RealtimeRouteParts, countFailure: CountFailure): void {
  const gates = new WeakMap<FastifyRequest, Extract<Gate, { open: true }>>();
  server.route<{ Querystring: Record<string, unknown> }>({
    method: 'POST',
    url: '/',
    // Before the body is read: who may not push need not send it.
    onRequest: async (request, reply) => {
      const { headers, query } = request;
      const gate = await push.admit({ headers, query, onThisMachine: isOnThisMachine(request) });
      if (gate.open) {
        gates.set(request, gate);
        // Answered, or gone before that, also while the gate was asked.
        if (reply.raw.closed) gate.leave();
        else reply.raw.once('close', gate.leave);
      } else await send({ request, reply, answer: gate.answer, countFailure });
    },
    schema: {
      operationId: 'push',
      summary:
        'Takes a message: a push of Pub/Sub, SNS, EventBridge or Event Grid, a CloudEvent or a plain commercetools payload',
      body: z.unknown(),
      response: {
        200: confirmed.describe('the endpoint confirmed to Event Grid'),
        202: deadLettered.describe('rejected by Klaviyo, or unreadable: stored as a dead letter'),
        204: z.undefined().describe('accepted by Klaviyo, or nothing was to be done'),
        400: problemSchema,
        401: problemSchema,
        429: problemSchema,
        503: problemSchema.describe('not now: deliver it again after Retry-After seconds'),
      },
    },
    handler: async (request, reply) => {
      const gate = gates.get(request);
      if (!gate) throw new Error('a request without a gate');
      const answer = await withTrace(request.headers, () => push.take(request.body, gate));
      return send({ request, reply, answer, countFailure });
    },
  });
  server.route({
    method: 'OPTIONS',
    url: '/',
    schema: { hide: true },
    handler: async (request, reply) => {
      const consent = consentTo(request.headers['webhook-request-origin']);
      return consent ? reply.code(200).headers(consent).send() : reply.code(204).header('allow', 'POST').send();
    },
  });
}

async function send(about: {
  request: FastifyRequest;
  reply: FastifyReply;
  answer: PushAnswer;
  countFailure: CountFailure;
}): Promise<FastifyReply> {
  const { request, reply, answer, countFailure } = about;
  if (answer.status === 204) return reply.code(204).send();
  if (answer.status === 401) {
    await sendRefusal({ request, reply, refusal: { status: 401, reason: answer.body.error }, countFailure });
    return reply;
  }
  if (answer.status === 503) reply.header('retry-after', answer.retryAfterSeconds);
  return reply.code(answer.status).send(answer.body);
}
