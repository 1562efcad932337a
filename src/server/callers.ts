/** Who may call: anybody on this machine, or who has the token. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';

export interface Refusal {
  status: 401 | 403;
  reason: string;
}

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

/** @returns why a request that acts or shows data is refused, or undefined */
export function refuseActing(request: FastifyRequest, apiToken: string | undefined): Refusal | undefined {
  if (apiToken === undefined) {
    if (isOnThisMachine(request)) return undefined;
    return {
      status: 403,
      reason:
        'Set API_TOKEN and send it as "Authorization: Bearer <token>": without a token only callers on the same machine are served.',
    };
  }
  const given = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
  if (given !== undefined && isSame(given, apiToken)) return undefined;
  return { status: 401, reason: 'Send the API_TOKEN as "Authorization: Bearer <token>".' };
}

/** @returns why a pushed message is refused, or undefined */
export function refusePush(request: FastifyRequest, allowUnauthenticated: boolean): Refusal | undefined {
  if (allowUnauthenticated || isOnThisMachine(request)) return undefined;
  return {
    status: 401,
    reason:
      'Pushes from other machines are refused. Set ALLOW_UNAUTHENTICATED_PUSH=true where the platform alone can reach this endpoint.',
  };
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^(::ffff:)?127\.\d+\.\d+\.\d+$/.test(host);
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).hostname : '';
}

/** In constant time, whatever the lengths. */
function isSame(given: string, wanted: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(wanted));
}
