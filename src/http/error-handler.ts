/** Maps errors to JSON responses whose `error` names the problem and the fix. */
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { CommercetoolsError } from '../commercetools/errors.ts';
import { bulkResources } from '../commercetools/schemas.ts';
import { LookupUnavailable } from '../lib/errors.ts';
import { StoreError } from '../store/store.ts';
import { BodyRefused } from './body-guard.ts';

export const problemSchema = z.object({ error: z.string().describe('what is wrong and what to do') });

/** Responses of every route that needs a token. */
export const refusals = { 401: problemSchema, 403: problemSchema, 429: problemSchema };
/** Security scheme defined in server.ts. */
export const security = [{ token: [] }];

/** For `Retry-After`. */
export const retrySeconds = 5;

export const maxBodyBytes = 10 * 1024 * 1024;

/** Responds to an error. An unknown error becomes a 500 without details, which only the log has. */
export function onError(error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (hasZodFastifySchemaValidationErrors(error)) {
    const problems = error.validation.map(
      ({ instancePath, message }) => `${instancePath.slice(1).replaceAll('/', '.') || 'the body'}: ${message}`,
    );
    return reply.code(400).send({ error: problems.join('; ') });
  }
  if (error instanceof StoreError || error instanceof CommercetoolsError || error instanceof LookupUnavailable)
    return reply
      .code(503)
      .header('retry-after', retrySeconds)
      .send({ error: `not now: ${error.message}` });
  if (error instanceof BodyRefused)
    return reply.code(503).header('retry-after', retrySeconds).send({ error: error.message });
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    const maxBytes = request.routeOptions.bodyLimit ?? maxBodyBytes;
    return reply.code(413).send({ error: `the body is larger than ${maxBytes} bytes; send less at once` });
  }
  const known = fastifyErrors[error.code];
  if (known) return reply.code(known.status).send({ error: known.reason });
  if (error.statusCode !== undefined && error.statusCode < 500)
    return reply.code(error.statusCode).send({ error: error.message });
  request.log.error({ code: error.code, name: error.name }, 'internal error in a request');
  return reply.code(500).send({ error: 'internal error; see the log' });
}

const fastifyErrors: Record<string, { status: number; reason: string }> = {
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

export function createNotFoundHandler(serves: { realtime: boolean; bulk: boolean }) {
  return (request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const path = request.url.split('?')[0] ?? '/';
    const allowed = methods.filter((method) => request.server.hasRoute({ method, url: path }));
    // A push to a port without realtime is at the wrong port, although the dashboard's GET exists on this path.
    const push = path === '/' && request.method === 'POST';
    if (allowed.length > 0 && !push) {
      const error = `${path} takes ${allowed.join(' and ')}, not ${request.method}`;
      return reply.code(405).header('allow', allowed.join(', ')).send({ error });
    }
    return reply.code(404).send({ error: `there is no ${request.method} ${path} here; ${hintFor(path, serves)}` });
  };
}

function hintFor(path: string, { realtime, bulk }: { realtime: boolean; bulk: boolean }): string {
  const elsewhere = 'see APP_TYPE and the ports in docs/configuration.md';
  if (path === '/' && !realtime) return `this port serves no realtime: ${elsewhere}`;
  if (!/^\/sync(\/|$)/.test(path)) return 'GET /openapi.json lists what there is';
  return bulk ? `resources are ${bulkResources.join(', ')}` : `this port serves no bulk: ${elsewhere}`;
}
