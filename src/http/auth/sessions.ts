/**
 * Dashboard sessions: a login with an API token returns a signed cookie. Every replica that has the token accepts the cookie,
 * and removing the token ends its sessions. The cookie is short-lived and renewed by use; a logout is stored.
 */
import { createHmac, randomUUID } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { isOneOf } from '../../sources/push/authenticator.ts';
import type { EndedSessions } from './ended-sessions.ts';
import { sessionCookieOf } from './session-cookie.ts';

export interface ApiToken {
  /** Shown in the log. */
  name: string;
  token: string;
}

/** Tokens of the service's own API; several of a kind during rotation. */
export interface ApiTokens {
  full: readonly ApiToken[];
  readOnly: readonly ApiToken[];
}

export interface Session {
  access: 'write' | 'read';
  /** Value that a request with write access has to send in `x-csrf-token`. */
  csrf: string;
  /** Name of the token that logged in. */
  tokenName: string;
}

/** Value of the session's cookie, with the seconds for which the browser keeps it. */
export interface SessionCookie {
  value: string;
  maxAge: number;
}

export interface Sessions {
  /** @returns the session and its cookie; undefined for a wrong token */
  create(token: string): Promise<{ session: Session; cookie: SessionCookie } | undefined>;
  find(request: FastifyRequest): Promise<Session | undefined>;
  /** @returns a cookie that is valid for longer; undefined while that of the request is new enough */
  renew(request: FastifyRequest): Promise<SessionCookie | undefined>;
  /** Ends the session of a request for all processes. @returns its token's name and whether that could be stored */
  end(request: FastifyRequest): Promise<{ tokenName: string; isStored: boolean } | undefined>;
}

/** A session ends so long after its login, and so long after its last use. */
const maxLifeSeconds = 12 * 60 * 60;
const idleSeconds = 30 * 60;
/** A cookie is renewed by the first use after this time. */
const renewAfterSeconds = 60;

interface SigningToken extends ApiToken {
  access: Session['access'];
  id: string;
  key: Uint8Array;
}

interface VerifiedCookie {
  signer: SigningToken;
  jti: string;
  /** Seconds since 1970. */
  issuedAt: number;
  loggedInAt: number;
}

export function createSessions({ full, readOnly }: ApiTokens, ended: EndedSessions, now: () => Date): Sessions {
  // A token in both lists has write access, because the first match wins.
  const signingTokens: SigningToken[] = [
    ...full.map((token) => toSigningToken(token, 'write')),
    ...readOnly.map((token) => toSigningToken(token, 'read')),
  ];
  const nowSeconds = () => Math.floor(now().getTime() / 1_000);
  const sessionOf = ({ access, key, name }: SigningToken, jti: string): Session => ({
    access,
    tokenName: name,
    csrf: createHmac('sha256', key).update(`csrf ${jti}`).digest('base64url'),
  });

  async function sign(signer: SigningToken, jti: string, loggedInAt: number): Promise<SessionCookie> {
    const issuedAt = nowSeconds();
    const maxAge = Math.min(idleSeconds, loggedInAt + maxLifeSeconds - issuedAt);
    const { SignJWT } = await import('jose');
    const value = await new SignJWT({ jti, auth_time: loggedInAt })
      .setProtectedHeader({ alg: 'HS256', kid: signer.id })
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + maxAge)
      .sign(signer.key);
    return { value, maxAge };
  }

  async function verify(value: string): Promise<VerifiedCookie | undefined> {
    const { errors, jwtVerify } = await import('jose');
    let signer: SigningToken | undefined;
    try {
      const { payload } = await jwtVerify(
        value,
        ({ kid }) => {
          signer = signingTokens.find(({ id }) => id === kid);
          if (!signer) throw new errors.JWKSNoMatchingKey();
          return signer.key;
        },
        { algorithms: ['HS256'], requiredClaims: ['exp', 'jti', 'iat', 'auth_time'], currentDate: now() },
      );
      const { jti, iat: issuedAt, auth_time: loggedInAt } = payload;
      if (!signer || jti === undefined || issuedAt === undefined || typeof loggedInAt !== 'number') return undefined;
      return { signer, jti, issuedAt, loggedInAt };
    } catch (thrown) {
      if (thrown instanceof errors.JOSEError) return undefined;
      throw thrown;
    }
  }

  async function verifiedIn(request: FastifyRequest): Promise<VerifiedCookie | undefined> {
    const value = sessionCookieOf(request);
    const verified = value === undefined ? undefined : await verify(value);
    return verified && !(await ended.has(verified.jti)) ? verified : undefined;
  }

  return {
    async create(token) {
      const [signer] = signingTokens.filter((candidate) => isOneOf(token, [candidate.token]));
      if (!signer) return undefined;
      const jti = randomUUID();
      return { session: sessionOf(signer, jti), cookie: await sign(signer, jti, nowSeconds()) };
    },
    async find(request) {
      const verified = await verifiedIn(request);
      return verified && sessionOf(verified.signer, verified.jti);
    },
    async renew(request) {
      const verified = await verifiedIn(request);
      if (!verified || nowSeconds() - verified.issuedAt < renewAfterSeconds) return undefined;
      return sign(verified.signer, verified.jti, verified.loggedInAt);
    },
    async end(request) {
      const verified = await verifiedIn(request);
      if (!verified) return undefined;
      const { signer, jti, loggedInAt } = verified;
      const isStored = await ended.add(jti, new Date((loggedInAt + maxLifeSeconds) * 1_000));
      return { tokenName: signer.name, isStored };
    },
  };
}

function toSigningToken(apiToken: ApiToken, access: Session['access']): SigningToken {
  const { token } = apiToken;
  return { ...apiToken, access, id: derive(token, 'id').toString('hex'), key: derive(token, 'key') };
}

/** Derives the id or the key from a token; neither reveals the token or the other. */
function derive(token: string, purpose: 'id' | 'key'): Buffer {
  return createHmac('sha256', token).update(`ctk dashboard session ${purpose}`).digest();
}
