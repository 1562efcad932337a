/**
 * HTTP server of a job of commercetools Connect: executes within the request, since the platform may take the CPU away after
 * the response. https://docs.commercetools.com/connect/deployment-behavior-and-environments
 */
import type { FastifyInstance } from 'fastify';
import { withTimeout } from '../lib/timeout.ts';
import { createFastify } from './create-fastify.ts';
import { onError } from './error-handler.ts';

/** Connect's timeout is 30 minutes. */
const responseLimitMs = 29 * 60 * 1_000;

/** @param execute its result is the response. A request during an execution waits for the same result. */
export function buildJobServer(execute: () => Promise<object>): FastifyInstance {
  const server = createFastify({ frameworkErrors: onError });
  let inFlight: Promise<object> | undefined;
  server.setErrorHandler(onError);
  // Whatever the scheduler sends as a body is ignored.
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', (_request, body, done) => {
    body.resume().once('end', () => done(null));
  });
  server.get('/health', async () => ({ status: 'ok' }));
  server.route({
    method: ['GET', 'POST'],
    url: '/*',
    handler: () => {
      // Connect sends the next request even if the previous one is still being handled.
      inFlight ??= execute().finally(() => {
        inFlight = undefined;
      });
      const current = inFlight;
      return withTimeout<object>(() => current, responseLimitMs, { complete: false });
    },
  });
  return server;
}
