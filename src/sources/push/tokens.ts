/** Signed tokens of Google and Microsoft: verified against their published keys, which are fetched and cached by jose. */
import { createRemoteJWKSet, errors, type JWTPayload, jwtVerify } from 'jose';
import type { Admission } from './authenticator.ts';

export interface TokenRules {
  /** Where the issuer publishes its keys. */
  keys: URL;
  issuers: string[];
  audiences: string[];
  /** Looks at the rest; @returns what is wrong with it, or undefined. */
  also(payload: JWTPayload): string | undefined;
}

/** Seconds that our clock and the issuer's may differ. */
const clockSkewSeconds = 60;
const timeoutMs = 3_000;

/** @returns a check of one token; it never rejects */
export function createTokenCheck({
  keys,
  issuers,
  audiences,
  also,
}: TokenRules): (token: string) => Promise<Admission> {
  const published = createRemoteJWKSet(keys, { timeoutDuration: timeoutMs });
  const options = {
    issuer: issuers,
    audience: audiences,
    algorithms: ['RS256'],
    clockTolerance: clockSkewSeconds,
    requiredClaims: ['exp', 'iat'],
  };
  return async (token) => {
    try {
      const { payload } = await jwtVerify(token, published, options);
      const wrong = also(payload);
      return wrong === undefined ? { admitted: 'yes' } : { admitted: 'no', reason: wrong };
    } catch (thrown) {
      return refusalOf(thrown, keys);
    }
  };
}

function refusalOf(thrown: unknown, keys: URL): Admission {
  if (thrown instanceof errors.JWTExpired) return { admitted: 'no', reason: 'the token has expired' };
  if (thrown instanceof errors.JWTClaimValidationFailed)
    return { admitted: 'no', reason: `the token's claim ${thrown.claim} is not the expected one` };
  const unreachable = thrown instanceof errors.JWKSTimeout || thrown instanceof errors.JWKSInvalid;
  const specific = thrown instanceof errors.JOSEError && thrown.code !== errors.JOSEError.code;
  if (specific && !unreachable) return { admitted: 'no', reason: `the token can't be verified (${thrown.code})` };
  return { admitted: 'unknown', reason: `the keys of ${keys.host} can't be fetched now` };
}
