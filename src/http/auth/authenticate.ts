/** Authenticates API callers by token or session, and limits failed attempts. Without tokens, only this machine has access. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { bearerOf, isOneOf } from '../../sources/push/authenticator.ts';
import type { Identify } from './audit.ts';
import { isForwarded } from './forwarding-headers.ts';
import { setSessionCookie } from './session-cookie.ts';
import type { ApiTokens, Session, Sessions } from './sessions.ts';

export interface AuthFailure {
  status: 401 | 403;
  reason: string;
}

export interface Exchange {
  request: FastifyRequest;
  reply: FastifyReply;
}

/** Hook for `onRequest`: GET and HEAD need read access, other methods write access. */
export type Guard = (request: FastifyRequest, reply: FastifyReply) => Promise<void>;

/** Counts a failed attempt of the caller's address. @returns seconds to wait if there were too many, else undefined */
export type CountFailure = (request: FastifyRequest) => Promise<number | undefined>;

/**
 * @returns whether the caller is on this machine; false for callers behind a proxy on it, and for web pages in a browser
 * on it, which send another host name or origin
 */
export function isOnThisMachine(request: FastifyRequest): boolean {
  if (!isLoopback(request.socket.remoteAddress ?? '')) return false;
  if (isForwarded(request.headers)) return false;
  const { origin, host = '' } = request.headers;
  if (!isLoopback(hostOf(`http://${host}`))) return false;
  return origin === undefined || isLoopback(hostOf(origin));
}

export interface AuthenticatedCaller {
  access: 'write' | 'read';
  /** Name of the token; without tokens `this-machine`. */
  tokenName: string;
  /** Present if the caller was authenticated by the session cookie. */
  session?: Session;
}

export type Authenticate = (request: FastifyRequest) => Promise<AuthenticatedCaller | AuthFailure>;

export interface GuardDeps {
  authenticate: Authenticate;
  sessions: Pick<Sessions, 'renew'>;
  countFailure: CountFailure;
  identify: Identify;
  /** Called with a request whose headers have proven the caller. */
  onProven(request: FastifyRequest): void;
}

export function createGuard({ authenticate, sessions, countFailure, identify, onProven }: GuardDeps): Guard {
  return async (request, reply) => {
    const caller = await authenticate(request);
    if (!('status' in caller)) identify(request, caller.tokenName);
    const failure = 'status' in caller ? caller : accessFailure(caller, request);
    if (failure) return sendAuthFailure(failure, countFailure, { request, reply });
    onProven(request);
    // A stream that reconnects by itself is no use of the session.
    const isUse = 'session' in caller && request.headers.accept !== 'text/event-stream';
    const cookie = isUse ? await sessions.renew(request) : undefined;
    if (cookie) setSessionCookie({ request, reply }, cookie);
  };
}

/**
 * Responds with the failure, or with 429 after too many failures from this address. Valid credentials are never rate
 * limited: tokens are too long to guess, and one caller could lock out all others behind the same proxy.
 */
export async function sendAuthFailure(
  { status, reason }: AuthFailure,
  countFailure: CountFailure,
  exchange: Exchange,
): Promise<void> {
  const { request, reply } = exchange;
  const wait = await countFailure(request);
  if (wait === undefined) await reply.code(status).send({ error: reason });
  else
    await reply
      .code(429)
      .header('retry-after', wait)
      .send({ error: `too many refused requests; the last reason: ${reason}` });
}

export const withoutTokens =
  'Set API_TOKEN and send it as "Authorization: Bearer <token>": without a token only callers on the same machine are served.';

export function createAuthenticate({ full, readOnly }: ApiTokens, sessions: Sessions): Authenticate {
  return async (request) => {
    if (full.length === 0 && readOnly.length === 0) {
      if (isOnThisMachine(request)) return { access: 'write', tokenName: 'this-machine' };
      return { status: 403, reason: withoutTokens };
    }
    const given = bearerOf(request.headers) ?? '';
    const [writer] = full.filter(({ token }) => isOneOf(given, [token]));
    if (writer) return { access: 'write', tokenName: writer.name };
    const [reader] = readOnly.filter(({ token }) => isOneOf(given, [token]));
    if (reader) return { access: 'read', tokenName: reader.name };
    const session = request.headers.authorization === undefined ? await sessions.find(request) : undefined;
    if (session) return { access: session.access, tokenName: session.tokenName, session };
    return { status: 401, reason: 'Send the API_TOKEN as "Authorization: Bearer <token>".' };
  };
}

function accessFailure(
  { access, session }: AuthenticatedCaller,
  { method, headers }: FastifyRequest,
): AuthFailure | undefined {
  if (method === 'GET' || method === 'HEAD') return undefined;
  if (access === 'read')
    return { status: 403, reason: 'A token of API_TOKEN_READ_ONLY has read access only; send one of API_TOKEN.' };
  // A browser adds the cookie to requests of any page. Only the dashboard's own page knows the CSRF token.
  if (session && !isOneOf(String(headers['x-csrf-token'] ?? ''), [session.csrf]))
    return { status: 403, reason: 'Send the x-csrf-token that GET /dashboard/session names.' };
  return undefined;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^(::ffff:)?127\.\d+\.\d+\.\d+$/.test(host);
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).hostname : '';
}
