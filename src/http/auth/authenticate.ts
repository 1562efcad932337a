/** Who may call: anybody on this machine, or who has a token or its session; those who fail too often are sent away unheard. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { bearerOf } from '../../sources/push/authenticator.ts';
import { isOneOf } from '../../sources/push/secrets.ts';
import type { Session, Sessions } from './sessions.ts';
import type { ApiTokens } from './tokens.ts';

export interface Refusal {
  status: 401 | 403;
  reason: string;
}

/** A hook for `onRequest`: what looks (GET) is open to every token, what acts to the full ones. */
export type Guard = (request: FastifyRequest, reply: FastifyReply) => Promise<void>;

/** Counts a failed attempt of the caller's address; @returns seconds to wait where there were too many */
export type CountFailure = (request: FastifyRequest) => Promise<number | undefined>;

/**
 * A caller on this machine: not one behind a proxy on it, nor a web page that a browser on it shows (which could call
 * under another host's name or origin).
 */
export function isOnThisMachine(request: FastifyRequest): boolean {
  if (!isLoopback(request.socket.remoteAddress ?? '')) return false;
  if (proxyHeaders.some((name) => request.headers[name] !== undefined)) return false;
  const { origin, host = '' } = request.headers;
  if (!isLoopback(hostOf(`http://${host}`))) return false;
  return origin === undefined || isLoopback(hostOf(origin));
}

/** What proxies add, one or the other. */
const proxyHeaders = [
  'forwarded',
  'via',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-real-ip',
  'cf-connecting-ip',
  'true-client-ip',
];

/** Who calls, and what they may do. */
export type Caller = { access: 'write' | 'read'; session?: Session };

export function createGuard(identify: Identify, countFailure: CountFailure): Guard {
  return async (request, reply) => {
    const caller = await identify(request);
    const refusal = 'status' in caller ? caller : refusalOf(caller, request);
    if (refusal) await sendRefusal({ request, reply, refusal, countFailure });
  };
}

/**
 * A refusal, or 429 once there were too many from this address. Who has the right token is always heard: it is too long
 * to be guessed, and locking it out would let anybody behind the same proxy lock out everybody.
 */
export async function sendRefusal(about: {
  request: FastifyRequest;
  reply: FastifyReply;
  refusal: Refusal;
  countFailure: CountFailure;
}): Promise<void> {
  const { request, reply, refusal, countFailure } = about;
  const wait = await countFailure(request);
  if (wait === undefined) await reply.code(refusal.status).send({ error: refusal.reason });
  else
    await reply
      .code(429)
      .header('retry-after', wait)
      .send({ error: `too many refused requests; the last reason: ${refusal.reason}` });
}

export type Identify = (request: FastifyRequest) => Promise<Caller | Refusal>;

/** A token's bearer, the holder of a session that began with one, or without tokens whoever is on this machine. */
export function createIdentify({ full, readOnly }: ApiTokens, sessions: Sessions): Identify {
  return async (request) => {
    if (full.length === 0 && readOnly.length === 0) {
      if (isOnThisMachine(request)) return { access: 'write' };
      return {
        status: 403,
        reason:
          'Set API_TOKEN and send it as "Authorization: Bearer <token>": without a token only callers on the same machine are served.',
      };
    }
    const given = bearerOf(request.headers) ?? '';
    if (isOneOf(given, full)) return { access: 'write' };
    if (isOneOf(given, readOnly)) return { access: 'read' };
    const session = request.headers.authorization === undefined ? await sessions.of(request) : undefined;
    if (session) return { access: session.access, session };
    return { status: 401, reason: 'Send the API_TOKEN as "Authorization: Bearer <token>".' };
  };
}

function refusalOf({ access, session }: Caller, { method, headers }: FastifyRequest): Refusal | undefined {
  if (method === 'GET' || method === 'HEAD') return undefined;
  if (access === 'read')
    return { status: 403, reason: 'A token of API_TOKEN_READ_ONLY may only look; send one of API_TOKEN.' };
  // A browser sends the cookie by itself: that the page meant it shows in what only the page can know.
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
