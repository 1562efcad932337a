/** Adds security headers to all responses and limits failed requests per address: https://cheatsheetseries.owasp.org/cheatsheets/REST_Security_Cheat_Sheet.html */
import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance } from 'fastify';
import type { CountFailure } from './auth/authenticate.ts';

/** Failed authentications of one address per window; beyond that the response is 429. */
const maxFailures = 100;
const windowMs = 60_000;

export async function addSecurityHeaders(server: FastifyInstance): Promise<CountFailure> {
  await server.register(helmet, {
    contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } },
    referrerPolicy: { policy: 'no-referrer' },
  });
  server.addHook('onSend', async (_request, reply) => {
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store');
  });
  await server.register(rateLimit, { global: false, max: maxFailures, timeWindow: windowMs });
  const count = server.createRateLimit();
  return async (request) => {
    // A connection that has ended, as after a parse error, has no address any more.
    if (request.socket.remoteAddress === undefined) return undefined;
    const limit = await count(request);
    return !limit.isAllowed && limit.isExceeded ? Math.max(1, limit.ttlInSeconds) : undefined;
  };
}
