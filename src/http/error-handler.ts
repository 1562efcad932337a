/** What the service answers when it says no: always JSON with a reason that says what to do. */
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { bulkResources } from '../commercetools/schemas.ts';
import { StoreFailure } from '../store/store.ts';

export const problemSchema = z.object({ error: z.string().describe('what is wrong and what to do') });

/** While the store can't be asked. */
const restSeconds = 5;

export const maxBytes = 10 * 1024 * 1024;

/** Fastify's own refusals in our words; anything unknown is a 500 without its inside. */
export function onError(error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (hasZodFastifySchemaValidationErrors(error)) {
    const wrong = error.validation.map(
      ({ instancePath, message }) => `${instancePath.slice(1).replaceAll('/', '.') || 'the body'}: ${message}`,
    );
    return reply.code(400).send({ error: wrong.join('; ') });
  }
  if (error instanceof StoreFailure)
    return reply
      .code(503)
      .header('retry-after', restSeconds)
      .send({ error: `not now: ${error.message}` });
  const said = refusals[error.code];
  if (said) return reply.code(said.status).send({ error: said.reason });
  if (error.statusCode !== undefined && error.statusCode < 500)
    return reply.code(error.statusCode).send({ error: error.message });
  request.log.error({ code: error.code, name: error.name }, 'a request failed by our own fault');
  return reply.code(500).send({ error: 'failed by our own fault; the log says more' });
}

const refusals: Record<string, { status: number; reason: string }> = {
  FST_ERR_CTP_BODY_TOO_LARGE: { status: 413, reason: `the body is larger than ${maxBytes} bytes; send less at once` },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: { status: 415, reason: 'send JSON with the header "Content-Type: application/json"' },
  FST_ERR_CTP_INVALID_JSON_BODY: {
    status: 400,
    reason: 'the body is not JSON; send an object such as {"ids":["a","b"]}',
  },
  FST_ERR_BAD_URL: {
    status: 400,
    reason: 'the path is not validly percent-encoded; GET /openapi.json lists what there is',
  },
};

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

/** @param serves which halves the port has routes for */
export function createOnUnknownPath(serves: { realtime: boolean; bulk: boolean }) {
  return (request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const path = request.url.split('?')[0] ?? '/';
    const allowed = methods.filter((method) => request.server.hasRoute({ method, url: path }));
    // Who pushes to a port without realtime looks for another port, not for the dashboard's method.
    const push = path === '/' && request.method === 'POST';
    if (allowed.length > 0 && !push) {
      const error = `${path} takes ${allowed.join(' and ')}, not ${request.method}`;
      return reply.code(405).header('allow', allowed.join(', ')).send({ error });
    }
    return reply.code(404).send({ error: `there is no ${request.method} ${path} here; ${wayOut(path, serves)}` });
  };
}

function wayOut(path: string, { realtime, bulk }: { realtime: boolean; bulk: boolean }): string {
  const elsewhere = 'see APP_TYPE, CONNECT_ENV and the ports in docs/configuration.md';
  if (path === '/' && !realtime) return `this port serves no realtime: ${elsewhere}`;
  if (!/^\/sync(\/|$)/.test(path)) return 'GET /openapi.json lists what there is';
  return bulk ? `resources are ${bulkResources.join(', ')}` : `this port serves no bulk: ${elsewhere}`;
}
