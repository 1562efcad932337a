/** The cookie of a dashboard session: invisible to scripts (HttpOnly) and absent from other sites' requests (SameSite). */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isHttps } from './forwarding-headers.ts';

const plainName = 'ctk_session';
/** Browsers take a cookie of this name only over https, for this host alone: another host of the domain can't set it. */
const secureName = `__Host-${plainName}`;

/** @returns the value; over https the cookie without the prefix does not count */
export function sessionCookieOf(request: FastifyRequest): string | undefined {
  const { cookies } = request;
  return cookies[secureName] ?? (isHttps(request) ? undefined : cookies[plainName]);
}

export function setSessionCookie(exchange: Exchange, { value, maxAge }: { value: string; maxAge: number }): void {
  const { name, attributes } = cookieFor(exchange.request);
  exchange.reply.setCookie(name, value, { ...attributes, maxAge });
}

export function clearSessionCookie({ request, reply }: Exchange): void {
  const { name, attributes } = cookieFor(request);
  reply.clearCookie(name, attributes);
}

interface Exchange {
  request: FastifyRequest;
  reply: FastifyReply;
}

function cookieFor(request: FastifyRequest) {
  const secure = isHttps(request);
  const attributes = { path: '/', httpOnly: true, sameSite: 'strict', secure } as const;
  return { name: secure ? secureName : plainName, attributes };
}
