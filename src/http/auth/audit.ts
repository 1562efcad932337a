/**
 * Audit log: one line for each rejected API call, login, logout and action, with the name of the token and the caller's
 * address. A line holds no token and no body but the options of a request.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { AppEvents } from '../../telemetry/app-events.ts';

/** Notes by whom a request was made, once that is known. */
export type Identify = (request: FastifyRequest, tokenName: string) => void;

/** Their bodies hold a token. */
const loginActions: readonly unknown[] = ['login', 'logout'];
const maxTextLength = 100;
/** Refused logins and calls beyond the limit of an address: they would fill the log. */
const tooManyRequests = 429;

/** Writes a line after the response of each route that needs a token. */
export function auditRequests(server: FastifyInstance, events: AppEvents): Identify {
  const tokenNames = new WeakMap<FastifyRequest, string>();
  server.addHook('onResponse', async (request, reply) => {
    if (!isAudited(request, reply)) return;
    const { method, socket, headers, url, body, routeOptions } = request;
    const { operationId = `${method} ${routeOptions.url}` } = routeOptions.schema ?? {};
    const isLogin = loginActions.includes(operationId);
    events.emit({
      type: 'audit',
      action: String(operationId),
      outcome: isRejected(reply) ? 'rejected' : reply.statusCode < 400 ? 'done' : 'failed',
      status: reply.statusCode,
      token: tokenNames.get(request) ?? 'none',
      address: socket.remoteAddress ?? 'unknown',
      ...optional('forwardedFor', headers['x-forwarded-for'] ?? headers.forwarded),
      ...optional('path', url.split('?')[0]),
      // The schema of the route has refused what is no option, such as a whole record.
      ...(isLogin || reply.statusCode >= 400 ? {} : optionsOf(body)),
    });
  });
  return (request, tokenName) => void tokenNames.set(request, tokenName);
}

function isAudited({ method, routeOptions }: FastifyRequest, reply: FastifyReply): boolean {
  const { schema } = routeOptions;
  if (loginActions.includes(schema?.operationId)) return reply.statusCode !== tooManyRequests;
  if (schema?.security === undefined || reply.statusCode === tooManyRequests) return false;
  return isRejected(reply) || (method !== 'GET' && method !== 'HEAD');
}

function isRejected({ statusCode }: FastifyReply): boolean {
  return statusCode === 401 || statusCode === 403;
}

function optional<Name extends string>(name: Name, value: string | string[] | undefined) {
  return value === undefined ? {} : { [name]: String(value).slice(0, maxTextLength) };
}

/** @returns the options of a sync or a bulk action; of a list only how long it is */
function optionsOf(body: unknown): { options?: Record<string, unknown> } {
  const parsed = z.record(z.string(), z.unknown()).safeParse(body);
  const options: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(parsed.data ?? {})) {
    if (Array.isArray(value)) options[name] = value.length;
    else if (typeof value === 'boolean') options[name] = value;
    else if (typeof value === 'string') options[name] = value.slice(0, maxTextLength);
  }
  return Object.keys(options).length > 0 ? { options } : {};
}
