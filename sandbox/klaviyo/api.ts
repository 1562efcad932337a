/**
 * Request pipeline of the mock API: checks key, revision, scope, rate limit, content type and body schema, then calls
 * the handler.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import {
  bodyMediaTypes,
  checkAccess,
  checkMediaType,
  mediaType,
  type PrivateKeys,
  unsupportedMediaType,
} from './access.ts';
import type { KlaviyoBehaviours } from './behaviours.ts';
import { type Bodies, schemas } from './bodies.ts';
import { type ErrorObject, errorBody, invalid, notFound, RequestError, schemaError, throttled } from './errors.ts';
import { type Operation, type OperationName, operations } from './operations.ts';
import { payloadLimits } from './payload-limits.ts';
import { listParameter, type Query, queryText } from './query.ts';
import type { RateLimiter } from './rate-limits.ts';
import { recordBody } from './request-log.ts';

export type Call = {
  /** Decoded id from the path; empty if the path has none. */
  id: string;
  query: Query;
  /** Request path without the query string. */
  path: string;
  origin: string;
  /** Returns the values of the `include` parameter; rejects values outside `allowed`. */
  include(...allowed: string[]): string[];
};

/** Response of a handler. The pipeline adds `links.self` to a body without links. */
export type ApiResponse = { status: number; body?: Record<string, unknown> };

export type Api = {
  /** Registers a handler for an operation without a request body. */
  on(name: OperationName, handle: (call: Call) => ApiResponse): void;
  /** Registers a handler for an operation with a request body, which is parsed with its strict schema first. */
  onBody<N extends keyof Bodies>(name: N, handle: (body: Bodies[N], call: Call) => ApiResponse): void;
};

export type ApiOptions = {
  keys: PrivateKeys;
  behaviours: KlaviyoBehaviours;
  limits: RateLimiter;
  /** File to append every request body to; undefined disables recording. */
  record: string | undefined;
};

/** Registers the request pipeline on `app` and returns the functions that add routes. */
export function createApi(app: FastifyInstance, options: ApiOptions): Api {
  app.addContentTypeParser(
    bodyMediaTypes,
    { parseAs: 'string', bodyLimit: payloadLimits.maxBodyBytes },
    (_request, text, done) => {
      try {
        done(null, text === '' ? undefined : JSON.parse(String(text)));
      } catch {
        done(new RequestError(invalid('The body is not valid JSON.')));
      }
    },
  );
  app.setErrorHandler((error, request, reply) => sendErrors(request, reply, errorObjectsOf(error)));
  app.setNotFoundHandler((request, reply) => sendErrors(request, reply, [notFound('The path does not exist.')]));
  app.addHook('onSend', async (_request, reply) => {
    // Klaviyo names no charset. A 429 response has no media type at all, although its body is JSON.
    if (reply.statusCode === 429) reply.removeHeader('content-type');
    else if (String(reply.getHeader('content-type')).startsWith(mediaType)) reply.header('content-type', mediaType);
  });

  function route(name: OperationName, handle: (call: Call, request: FastifyRequest) => ApiResponse): void {
    const operation: Operation = operations[name];
    app.route({
      method: operation.method,
      url: operation.path.replaceAll(/\{\w+\}/g, ':id'),
      config: { operation: name },
      onRequest: async (request, reply) => {
        const { reservedCharactersInPath } = options.behaviours;
        if (reservedCharactersInPath !== 'accepted' && reservedCharacter.test(pathOf(request))) {
          if (reservedCharactersInPath === 'rejected') throw new RequestError(invalid('Invalid id.', '/data/id'));
          return reply.code(404).type('text/html').send('<html><body><h1>404 Not Found</h1></body></html>');
        }
        checkAccess(request.headers, operation, options.keys);
        if (name in schemas) checkMediaType(request.headers);
        const spent = options.limits.spend(name);
        if (spent.throttled) {
          reply.header('retry-after', String(spent.retryAfterSeconds));
          throw new RequestError(throttled(spent.retryAfterSeconds));
        }
        reply.headers(spent.headers);
      },
      handler: async (request, reply) => {
        const call = callOf(request);
        const { status, body } = handle(call, request);
        reply.code(status);
        if (body === undefined) return reply.send();
        const links = { self: `${call.origin}${call.path}${queryText(call.query)}` };
        return reply.type(mediaType).send(JSON.stringify({ ...body, links: body.links ?? links }));
      },
    });
  }

  return {
    on(name, handle) {
      route(name, handle);
    },
    onBody(name, handle) {
      const { method } = operations[name];
      route(name, (call, request) => {
        if (options.record !== undefined) {
          recordBody(options.record, { method, path: call.path, operation: name, body: request.body });
        }
        if (request.body === undefined) throw new RequestError(invalid('A body is required.'));
        const parsed = schemas[name].safeParse(request.body);
        if (!parsed.success) throw new RequestError(schemaError(parsed.error));
        return handle(parsed.data, call);
      });
    },
  };
}

/** Returns the operation id that a request was routed to, or `unknown`. */
export function operationOf(request: FastifyRequest): string {
  const { config } = request.routeOptions;
  return 'operation' in config && typeof config.operation === 'string' ? config.operation : 'unknown';
}

/** Returns codes and pointers of the errors in the response to a request. */
export function errorsOf(request: FastifyRequest): string[] {
  return errorSummaries.get(request) ?? [];
}

const errorSummaries = new WeakMap<FastifyRequest, string[]>();

function sendErrors(request: FastifyRequest, reply: FastifyReply, errors: readonly ErrorObject[]): FastifyReply {
  errorSummaries.set(
    request,
    errors.map((error) => `${error.code} ${error.pointer ?? error.parameter ?? ''}`.trim()).slice(0, 10),
  );
  const status = errors[0]?.status ?? 500;
  // A 429 response has Retry-After but no RateLimit-* headers.
  if (status === 429) {
    for (const name of ['ratelimit-limit', 'ratelimit-remaining', 'ratelimit-reset']) reply.removeHeader(name);
    if (!reply.hasHeader('retry-after')) reply.header('retry-after', '1');
  }
  return reply
    .code(status)
    .type(mediaType)
    .send(JSON.stringify(errorBody(errors)));
}

function errorObjectsOf(error: unknown): readonly ErrorObject[] {
  if (error instanceof RequestError) return error.errors;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return [{ status: 413, code: 'payload_too_large', title: 'Payload too large.', detail: 'The body is too large.' }];
  }
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    return [unsupportedMediaType];
  }
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return [{ status: 500, code: 'sandbox_error', title: 'The sandbox itself failed.', detail }];
}

/** Characters that network edges decode or reject when a path contains them percent-encoded. */
const reservedCharacter = /%(2f|25|3f|23)/i;

function pathOf(request: FastifyRequest): string {
  return request.url.split('?', 1)[0] ?? '/';
}

function callOf(request: FastifyRequest): Call {
  const query: Query = {};
  for (const [name, value] of Object.entries(request.query ?? {}))
    query[name] = Array.isArray(value) ? value.map(String) : String(value);
  const params: Record<string, unknown> = { ...(typeof request.params === 'object' ? request.params : {}) };
  return {
    id: typeof params.id === 'string' ? params.id : '',
    query,
    path: pathOf(request),
    origin: `http://${request.host}`,
    include: (...allowed) => listParameter(query, 'include', allowed),
  };
}
