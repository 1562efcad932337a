/**
 * Request pipeline of the mock API: checks key, revision, scope, rate limit, content type and body schema, then calls
 * the handler.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Bodies, schemas } from './bodies.ts';
import { type ErrorObject, errorBody, invalid, RequestError, schemaErrors } from './errors.ts';
import { type Operation, type OperationName, operations } from './operations.ts';
import { payloadLimits } from './payload-limits.ts';
import { listParameter, type Query } from './query.ts';
import type { RateLimiter } from './rate-limits.ts';
import { recordBody } from './request-log.ts';

const revision = '2026-07-15';
const mediaType = 'application/vnd.api+json';

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

export type ApiResponse = { status: number; body?: unknown };

export type Api = {
  /** Registers a handler for an operation without a request body. */
  on(name: OperationName, handle: (call: Call) => ApiResponse): void;
  /** Registers a handler for an operation with a request body, which is parsed with its strict schema first. */
  onBody<N extends keyof Bodies>(name: N, handle: (body: Bodies[N], call: Call) => ApiResponse): void;
};

export type ApiOptions = {
  key: string;
  missingScopes: readonly string[];
  limits: RateLimiter;
  /** File to append every request body to; undefined disables recording. */
  record: string | undefined;
};

/** Registers the request pipeline on `app` and returns the functions that add routes. */
export function createApi(app: FastifyInstance, options: ApiOptions): Api {
  app.addContentTypeParser(
    mediaType,
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
  app.setNotFoundHandler((request, reply) =>
    sendErrors(request, reply, [
      { status: 404, code: 'not_found', title: 'Not found.', detail: 'The path does not exist.' },
    ]),
  );

  function route(name: OperationName, handle: (request: FastifyRequest) => ApiResponse): void {
    const operation: Operation = operations[name];
    app.route({
      method: operation.method,
      url: operation.path.replaceAll(/\{\w+\}/g, ':id'),
      config: { operation: name },
      onRequest: async (request, reply) => {
        checkHeaders(request, operation, options);
        if (name in schemas) checkContentType(request);
        const spent = options.limits.spend(name);
        if (spent.throttled) {
          reply.header('retry-after', String(spent.retryAfterSeconds));
          throw new RequestError(throttled(spent.retryAfterSeconds));
        }
        reply.headers(spent.headers);
      },
      handler: async (request, reply) => {
        const response = handle(request);
        reply.code(response.status);
        if (response.body === undefined) return reply.send();
        return reply.type(mediaType).send(JSON.stringify(response.body));
      },
    });
  }

  return {
    on(name, handle) {
      route(name, (request) => handle(callOf(request)));
    },
    onBody(name, handle) {
      const { method } = operations[name];
      route(name, (request) => {
        const call = callOf(request);
        if (options.record !== undefined) {
          recordBody(options.record, { method, path: call.path, operation: name, body: request.body });
        }
        if (request.body === undefined) throw new RequestError(invalid('A body is required.'));
        const parsed = schemas[name].safeParse(request.body);
        if (!parsed.success) throw toRequestError(schemaErrors(parsed.error));
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

function toRequestError(errors: ErrorObject[]): RequestError {
  const [first, ...others] = errors;
  return first === undefined ? new RequestError(invalid('Invalid input.')) : new RequestError(first, ...others);
}

function errorObjectsOf(error: unknown): readonly ErrorObject[] {
  if (error instanceof RequestError) return error.errors;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return [{ status: 413, code: 'payload_too_large', title: 'Payload too large.', detail: 'The body is too large.' }];
  }
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    return [notJsonApi];
  }
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return [{ status: 500, code: 'sandbox_error', title: 'The sandbox itself failed.', detail }];
}

function checkHeaders(request: FastifyRequest, operation: Operation, options: ApiOptions): void {
  const { authorization, revision: given } = request.headers;
  if (authorization === undefined) {
    throw new RequestError({
      ...unauthenticated,
      code: 'not_authenticated',
      title: 'Authentication credentials were not provided.',
    });
  }
  if (authorization !== `Klaviyo-API-Key ${options.key}`) {
    throw new RequestError({
      ...unauthenticated,
      code: 'not_authenticated',
      title: 'Incorrect authentication credentials.',
    });
  }
  if (given !== revision) {
    const detail =
      given === undefined ? 'The revision header is missing.' : `This sandbox speaks revision ${revision} only.`;
    throw new RequestError({ ...invalid(detail), code: 'invalid_revision', title: 'Invalid revision.' });
  }
  const missing = operation.scopes.find((scope) => options.missingScopes.includes(scope));
  if (missing !== undefined) {
    const title = 'You do not have permission to perform this action.';
    throw new RequestError({
      status: 403,
      code: 'permission_denied',
      title,
      detail: `The key lacks the scope ${missing}.`,
    });
  }
}

function checkContentType(request: FastifyRequest): void {
  if (request.headers['content-type']?.startsWith(mediaType) !== false) return;
  throw new RequestError(notJsonApi);
}

const notJsonApi = {
  status: 415,
  code: 'unsupported_media_type',
  title: 'Unsupported media type.',
  detail: `Send the body as ${mediaType}.`,
};

const unauthenticated = { status: 401, detail: 'Missing or invalid private key.' };

function throttled(seconds: number): ErrorObject {
  const detail = `Request was throttled. Expected available in ${seconds} second${seconds === 1 ? '' : 's'}.`;
  return { status: 429, code: 'throttled', title: 'Request was throttled.', detail };
}

function callOf(request: FastifyRequest): Call {
  const query: Query = {};
  for (const [name, value] of Object.entries(request.query ?? {}))
    query[name] = Array.isArray(value) ? value.map(String) : String(value);
  const params: Record<string, unknown> = { ...(typeof request.params === 'object' ? request.params : {}) };
  return {
    id: typeof params.id === 'string' ? params.id : '',
    query,
    path: request.url.split('?', 1)[0] ?? '/',
    origin: `http://${request.host}`,
    include: (...allowed) => listParameter(query, 'include', allowed),
  };
}
