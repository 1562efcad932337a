/** Plain pushes with a shared secret, as `Authorization: Bearer <secret>` or `X-Api-Key: <secret>`. */

import { type Admission, bearerOf, looksSigned, type PushRequest, type PushWay } from './authenticator.ts';
import { isOneOf } from './secrets.ts';

/** @param secrets several while one is being replaced */
export function createSharedSecretWay(secrets: readonly string[]): PushWay {
  return {
    name: 'shared secret',
    variables: 'PUSH_SECRET',
    admit: async (request) => admitSecret(secretsIn(request), secrets),
  };
}

/** Where a secret may stand in a request's headers. A signed token is for those who can verify it. */
export function secretsIn({ headers }: PushRequest): string[] {
  const bearer = bearerOf(headers);
  const key = headers['x-api-key'];
  return [
    ...(bearer !== undefined && !looksSigned(bearer) ? [bearer] : []),
    ...(typeof key === 'string' && key !== '' ? [key] : []),
  ];
}

/** @returns undefined where none was given */
export function admitSecret(given: readonly string[], secrets: readonly string[]): Admission | undefined {
  if (given.length === 0) return undefined;
  if (given.some((one) => isOneOf(one, secrets))) return { admitted: 'yes' };
  return { admitted: 'no', reason: 'the secret is wrong' };
}
