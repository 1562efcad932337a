/** /dashboard/session: shows the caller's access, logs in with an API token, logs out. */
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Identify } from '../auth/audit.ts';
import { type Authenticate, type CountFailure, sendAuthFailure } from '../auth/authenticate.ts';
import { clearSessionCookie, setSessionCookie } from '../auth/session-cookie.ts';
import type { Sessions } from '../auth/sessions.ts';
import { problemSchema, refusals } from '../error-handler.ts';

export interface SessionRouteDeps {
  sessions: Sessions;
  authenticate: Authenticate;
  countFailure: CountFailure;
  identify: Identify;
  warn(detail: string): void;
}

const session = z.object({
  access: z.enum(['write', 'read', 'none']),
  reason: z.string().optional().describe('why nothing'),
  canLogIn: z.boolean().optional().describe('nothing, and there are tokens to log in with'),
  csrf: z.string().optional().describe('to be repeated in x-csrf-token by what acts with the cookie'),
  loggedIn: z.boolean().describe('false: a caller on this machine, or with a token in the header'),
});
const login = z.strictObject({ token: z.string().min(1) });
/** A token and some JSON around it. */
const maxLoginBytes = 4_096;
const errorResponses = { 400: problemSchema, ...refusals };

export function sessionRoutes(server: FastifyInstance, deps: SessionRouteDeps): void {
  const routes = server.withTypeProvider<ZodTypeProvider>();
  const url = '/dashboard/session';
  routes.route({
    method: 'GET',
    url,
    schema: {
      operationId: 'session',
      summary: 'Who looks at the dashboard, and what they may do',
      response: { 200: session, ...errorResponses },
    },
    handler: async (request, reply) => {
      const caller = await deps.authenticate(request);
      if ('status' in caller) {
        // The page sends this request before a login, so only a wrong token counts as a failure.
        if (request.headers.authorization === undefined) {
          const canLogIn = caller.status === 401;
          return reply.code(200).send({ access: 'none', loggedIn: false, reason: caller.reason, canLogIn });
        }
        await sendAuthFailure(caller, deps.countFailure, { request, reply });
        return reply;
      }
      const csrf = caller.session?.csrf;
      return reply.code(200).send({ access: caller.access, loggedIn: csrf !== undefined, ...(csrf ? { csrf } : {}) });
    },
  });
  routes.route({
    method: 'POST',
    url,
    bodyLimit: maxLoginBytes,
    schema: {
      operationId: 'login',
      summary: 'A token of the API in the body becomes a cookie that no script can read',
      body: login,
      response: { 200: session, ...errorResponses },
    },
    handler: async (request, reply) => {
      const created = await deps.sessions.create(request.body.token);
      if (!created) {
        const reason = 'That is none of the tokens of API_TOKEN or API_TOKEN_READ_ONLY.';
        await sendAuthFailure({ status: 401, reason }, deps.countFailure, { request, reply });
        return reply;
      }
      const { access, csrf, tokenName } = created.session;
      deps.identify(request, tokenName);
      setSessionCookie({ request, reply }, created.cookie);
      return reply.code(200).send({ access, csrf, loggedIn: true });
    },
  });
  routes.route({
    method: 'DELETE',
    url,
    schema: {
      operationId: 'logout',
      summary: 'Ends the session, for all replicas, and takes the cookie back',
      response: { 204: z.undefined().describe('logged out'), ...errorResponses },
    },
    handler: async (request, reply) => {
      const ended = await deps.sessions.end(request);
      if (ended) deps.identify(request, ended.tokenName);
      if (ended && !ended.isStored)
        deps.warn('a logout could not be stored: until the cookie expires, other replicas accept a copy of it');
      clearSessionCookie({ request, reply });
      return reply.code(204).send();
    },
  });
}
