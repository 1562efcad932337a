/**
 * Sessions of the dashboard: a token of the API, once proven, becomes a signed cookie. Nothing is kept in memory: every
 * replica that knows the token can read the cookie, and who takes the token away ends its sessions.
 */
import { createHmac, randomUUID } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { errors, jwtVerify, SignJWT } from 'jose';
import { isOneOf } from '../../sources/push/secrets.ts';
import type { ApiTokens } from './tokens.ts';

export interface Session {
  access: 'write' | 'read';
  /** What a request that acts has to repeat in `x-csrf-token`. */
  csrf: string;
}

export interface Sessions {
  /** @returns the session and its cookie's value; undefined for a wrong token */
  begin(token: string): Promise<{ session: Session; value: string } | undefined>;
  /** Whose valid cookie the request carries. */
  of(request: FastifyRequest): Promise<Session | undefined>;
}

const cookieName = 'ctk_session';
const lifeSeconds = 12 * 60 * 60;

interface Known {
  access: Session['access'];
  id: string;
  key: Uint8Array;
  token: string;
}

export function createSessions({ full, readOnly }: ApiTokens): Sessions {
  // Who is in both lists may act.
  const known: Known[] = [
    ...full.map((token) => knownOf(token, 'write')),
    ...readOnly.map((token) => knownOf(token, 'read')),
  ];
  const sessionOf = ({ access, key }: Known, jti: string): Session => ({
    access,
    csrf: createHmac('sha256', key).update(`csrf ${jti}`).digest('base64url'),
  });

  return {
    async begin(token) {
      const [holder] = known.filter((one) => isOneOf(token, [one.token]));
      if (!holder) return undefined;
      const jti = randomUUID();
      const value = await new SignJWT({ jti })
        .setProtectedHeader({ alg: 'HS256', kid: holder.id })
        .setExpirationTime(`${lifeSeconds}s`)
        .sign(holder.key);
      return { session: sessionOf(holder, jti), value };
    },
    async of({ cookies }) {
      const value = cookies[cookieName];
      if (value === undefined) return undefined;
      let holder: Known | undefined;
      try {
        const { payload } = await jwtVerify(
          value,
          ({ kid }) => {
            holder = known.find(({ id }) => id === kid);
            if (!holder) throw new errors.JWKSNoMatchingKey();
            return holder.key;
          },
          { algorithms: ['HS256'], requiredClaims: ['exp', 'jti'] },
        );
        return holder && payload.jti !== undefined ? sessionOf(holder, payload.jti) : undefined;
      } catch (thrown) {
        if (thrown instanceof errors.JOSEError) return undefined;
        throw thrown;
      }
    },
  };
}

function knownOf(token: string, access: Session['access']): Known {
  return { token, access, id: derived(token, 'id').toString('hex'), key: derived(token, 'key') };
}

/** Hands the cookie out: no script sees it, no other site's request carries it. */
export function setSessionCookie(request: FastifyRequest, reply: FastifyReply, value: string): void {
  reply.setCookie(cookieName, value, { ...attributes(request), maxAge: lifeSeconds });
}

export function clearSessionCookie(request: FastifyRequest, reply: FastifyReply): void {
  reply.clearCookie(cookieName, attributes(request));
}

function attributes(request: FastifyRequest) {
  // A proxy's word: who makes it up only keeps their own cookie from travelling in the clear.
  const https = request.protocol === 'https' || request.headers['x-forwarded-proto'] === 'https';
  return { path: '/', httpOnly: true, sameSite: 'strict', secure: https } as const;
}

/** Two things made from a token, neither of which tells it or the other. */
function derived(token: string, what: 'id' | 'key'): Buffer {
  return createHmac('sha256', token).update(`ctk dashboard session ${what}`).digest();
}
