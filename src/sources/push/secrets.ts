/** Compares secrets in constant time, whatever their lengths. */
import { createHash, timingSafeEqual } from 'node:crypto';

/** @returns whether it is one of the secrets; compares with all of them, so that the time reveals nothing */
export function isOneOf(given: string, secrets: readonly string[]): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  const givenDigest = digest(given);
  return secrets.filter((secret) => timingSafeEqual(givenDigest, digest(secret))).length > 0;
}
