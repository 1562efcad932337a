/** POST / receives a pushed message and responds with its verdict. OPTIONS / answers Event Grid's validation. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { AdmittedPush, HttpPush, PushResponse } from '../../sources/http-push.ts';
import { webhookConsentHeaders } from '../../sources/push/event-grid.ts';
import { withTrace } from '../../telemetry/span.ts';
import { type CountFailure, type Exchange, isOnThisMachine, sendAuthFailure } from '../auth/authenticate.ts';
import type { BodyGuard } from '../body-guard.ts';
import { problemSchema } from '../error-handler.ts';

export interface RealtimeRouteDeps {
  push: HttpPush;
}

const deadLettered = z.object({ deadLettered: z.array(z.string()).describe('codes of the stored dead letters') });
const confirmed = z.record(z.string(), z.unknown());

export function realtimeRoute(
  server: FastifyInstance,
  { push, bodies }: RealtimeRouteDeps & { bodies: BodyGuard },
  countFailure: CountFailure,
): void {
  const admitted = new WeakMap<FastifyRequest, { push: AdmittedPush; endBody(): void }>();
  server.route<{ Querystring: Record<string, unknown> }>({
    method: 'POST',
    url: '/',
    // Runs before the body is read, so that rejected pushes cost nothing.
    onRequest: async (request, reply) => {
      const { headers, query } = request;
      const admission = await push.admit({ headers, query, onThisMachine: isOnThisMachine(request) });
      if (admission.outcome === 'rejected') {
        await send(admission.response, countFailure, { request, reply });
        return;
      }
      if (admission.push.isProven) bodies.markProven(request);
      // Only a body that has begun to arrive counts: headers alone hold no capacity.
      const hasBegun = request.raw.readableLength > 0 && !reply.raw.closed;
      const endBody = hasBegun ? push.beginBody() : () => undefined;
      reply.raw.once('close', endBody);
      admitted.set(request, { push: admission.push, endBody });
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
      const accepted = admitted.get(request);
      if (!accepted) throw new Error('a request that was not admitted');
      accepted.endBody();
      const response = await withTrace(request.headers, () => push.receive(request.body, accepted.push));
      return send(response, countFailure, { request, reply });
    },
  });
  server.route({
    method: 'OPTIONS',
    url: '/',
    schema: { hide: true },
    handler: async (request, reply) => {
      const consent = webhookConsentHeaders(request.headers['webhook-request-origin']);
      return consent ? reply.code(200).headers(consent).send() : reply.code(204).header('allow', 'POST').send();
    },
  });
}

async function send(response: PushResponse, countFailure: CountFailure, exchange: Exchange): Promise<FastifyReply> {
  const { reply } = exchange;
  if (response.status === 204) return reply.code(204).send();
  if (response.status === 401) {
    await sendAuthFailure({ status: 401, reason: response.body.error }, countFailure, exchange);
    return reply;
  }
  if (response.status === 503) reply.header('retry-after', response.retryAfterSeconds);
  return reply.code(response.status).send(response.body);
}
