/** What every answer carries, and how often an address may fail: https://cheatsheetseries.owasp.org/cheatsheets/REST_Security_Cheat_Sheet.html */
import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance } from 'fastify';
import type { CountFailure } from './auth/authenticate.ts';

/** Refused requests of one address in a window; beyond that the answer is 429. */
const maxFailures = 100;
const windowMs = 60_000;

/** Adds the headers to every answer. @returns the count of failures */
export async function harden(server: FastifyInstance): Promise<CountFailure> {
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
    const limit = await count(request);
    return !limit.isAllowed && limit.isExceeded ? Math.max(1, limit.ttlInSeconds) : undefined;
  };
}
