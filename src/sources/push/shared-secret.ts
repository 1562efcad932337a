/** Authenticates pushes with a shared secret in `Authorization: Bearer <secret>` or `X-Api-Key: <secret>`. */

import {
  type AuthResult,
  bearerOf,
  isOneOf,
  looksSigned,
  type PushAuthenticator,
  type PushRequest,
} from './authenticator.ts';

/** @param secrets several during rotation */
export function createSharedSecretAuthenticator(secrets: readonly string[]): PushAuthenticator {
  return {
    name: 'shared secret',
    variables: 'PUSH_SECRET',
    authenticate: async (request) => checkSecret(secretsIn(request), secrets),
  };
}

/** @returns possible secrets in the headers; signed tokens are left to the authenticators that verify them */
export function secretsIn({ headers }: PushRequest): string[] {
  const bearer = bearerOf(headers);
  const key = headers['x-api-key'];
  return [
    ...(bearer !== undefined && !looksSigned(bearer) ? [bearer] : []),
    ...(typeof key === 'string' && key !== '' ? [key] : []),
  ];
}

/** @returns undefined if the request holds no secret */
export function checkSecret(given: readonly string[], secrets: readonly string[]): AuthResult | undefined {
  if (given.length === 0) return undefined;
  if (given.some((secret) => isOneOf(secret, secrets))) return { outcome: 'allowed' };
  return { outcome: 'denied', reason: 'the secret is wrong' };
}
