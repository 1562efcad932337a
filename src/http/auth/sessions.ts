/**
 * Dashboard sessions: a login with an API token returns a signed cookie. Sessions are stateless: every replica that has
 * the token accepts the cookie, and removing the token ends its sessions.
 */
import { createHmac, randomUUID } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { errors, jwtVerify, SignJWT } from 'jose';
import { isOneOf } from '../../sources/push/authenticator.ts';

/** Tokens of the service's own API; several of a kind during rotation. */
export interface ApiTokens {
  full: readonly string[];
  readOnly: readonly string[];
}

export interface Session {
  access: 'write' | 'read';
  /** Value that a request with write access has to send in `x-csrf-token`. */
  csrf: string;
}

export interface Sessions {
  /** @returns the session and the cookie's value; undefined for a wrong token */
  create(token: string): Promise<{ session: Session; value: string } | undefined>;
  find(request: FastifyRequest): Promise<Session | undefined>;
}

const cookieName = 'ctk_session';
const lifeSeconds = 12 * 60 * 60;

interface SigningToken {
  access: Session['access'];
  id: string;
  key: Uint8Array;
  token: string;
}

export function createSessions({ full, readOnly }: ApiTokens): Sessions {
  // A token in both lists has write access, because the first match wins.
  const signingTokens: SigningToken[] = [
    ...full.map((token) => toSigningToken(token, 'write')),
    ...readOnly.map((token) => toSigningToken(token, 'read')),
  ];
  const sessionOf = ({ access, key }: SigningToken, jti: string): Session => ({
    access,
    csrf: createHmac('sha256', key).update(`csrf ${jti}`).digest('base64url'),
  });

  return {
    async create(token) {
      const [signer] = signingTokens.filter((candidate) => isOneOf(token, [candidate.token]));
      if (!signer) return undefined;
      const jti = randomUUID();
      const value = await new SignJWT({ jti })
        .setProtectedHeader({ alg: 'HS256', kid: signer.id })
        .setExpirationTime(`${lifeSeconds}s`)
        .sign(signer.key);
      return { session: sessionOf(signer, jti), value };
    },
    async find({ cookies }) {
      const value = cookies[cookieName];
      if (value === undefined) return undefined;
      let signer: SigningToken | undefined;
      try {
        const { payload } = await jwtVerify(
          value,
          ({ kid }) => {
            signer = signingTokens.find(({ id }) => id === kid);
            if (!signer) throw new errors.JWKSNoMatchingKey();
            return signer.key;
          },
          { algorithms: ['HS256'], requiredClaims: ['exp', 'jti'] },
        );
        return signer && payload.jti !== undefined ? sessionOf(signer, payload.jti) : undefined;
      } catch (thrown) {
        if (thrown instanceof errors.JOSEError) return undefined;
        throw thrown;
      }
    },
  };
}

function toSigningToken(token: string, access: Session['access']): SigningToken {
  return { token, access, id: derive(token, 'id').toString('hex'), key: derive(token, 'key') };
}

/** Sets the cookie, invisible to scripts (HttpOnly) and absent from other sites' requests (SameSite). */
export function setSessionCookie(request: FastifyRequest, reply: FastifyReply, value: string): void {
  reply.setCookie(cookieName, value, { ...attributes(request), maxAge: lifeSeconds });
}

export function clearSessionCookie(request: FastifyRequest, reply: FastifyReply): void {
  reply.clearCookie(cookieName, attributes(request));
}

function attributes(request: FastifyRequest) {
  // The header needs no trust: a forged one only makes the sender's own cookie secure.
  const https = request.protocol === 'https' || request.headers['x-forwarded-proto'] === 'https';
  return { path: '/', httpOnly: true, sameSite: 'strict', secure: https } as const;
}

/** Derives the id or the key from a token; neither reveals the token or the other. */
function derive(token: string, purpose: 'id' | 'key'): Buffer {
  return createHmac('sha256', token).update(`ctk dashboard session ${purpose}`).digest();
}
