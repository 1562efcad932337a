/** Verifies JWTs of Google and Microsoft with their published keys, which jose fetches and caches. */
import type { JWTPayload, JWTVerifyGetKey } from 'jose';
import type { AuthResult } from './authenticator.ts';

export interface TokenRules {
  /** URL of the issuer's published keys (JWKS). */
  keys: URL;
  issuers: string[];
  audiences: string[];
  /** Checks further claims. @returns what is wrong with them, or undefined */
  checkClaims(payload: JWTPayload): string | undefined;
}

const clockSkewSeconds = 60;
const timeoutMs = 3_000;

/** @returns a function that verifies one token; it never rejects */
export function createTokenVerifier(rules: TokenRules): (token: string) => Promise<AuthResult> {
  const { keys, issuers, audiences, checkClaims } = rules;
  let published: JWTVerifyGetKey | undefined;
  const options = {
    issuer: issuers,
    audience: audiences,
    algorithms: ['RS256'],
    clockTolerance: clockSkewSeconds,
    requiredClaims: ['exp', 'iat'],
  };
  return async (token) => {
    const jose = await import('jose');
    published ??= jose.createRemoteJWKSet(keys, { timeoutDuration: timeoutMs });
    try {
      const { payload } = await jose.jwtVerify(token, published, options);
      const wrong = checkClaims(payload);
      return wrong === undefined ? { outcome: 'allowed' } : { outcome: 'denied', reason: wrong };
    } catch (thrown) {
      return resultForError(thrown, keys, jose);
    }
  };
}

function resultForError(thrown: unknown, keys: URL, { errors }: typeof import('jose')): AuthResult {
  if (thrown instanceof errors.JWTExpired) return { outcome: 'denied', reason: 'the token has expired' };
  if (thrown instanceof errors.JWTClaimValidationFailed)
    return { outcome: 'denied', reason: `the token's claim ${thrown.claim} is not the expected one` };
  const isUnreachable = thrown instanceof errors.JWKSTimeout || thrown instanceof errors.JWKSInvalid;
  const isSpecific = thrown instanceof errors.JOSEError && thrown.code !== errors.JOSEError.code;
  if (isSpecific && !isUnreachable)
    return { outcome: 'denied', reason: `the token can't be verified (${thrown.code})` };
  return { outcome: 'unknown', reason: `the keys of ${keys.host} can't be fetched now` };
}
