/** Secrets compared in constant time, whatever their lengths. */
import { createHash, timingSafeEqual } from 'node:crypto';

/** @returns whether it is one of them; all are compared, so that the time tells nothing */
export function isOneOf(given: string, secrets: readonly string[]): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  const wanted = digest(given);
  return secrets.filter((secret) => timingSafeEqual(wanted, digest(secret))).length > 0;
}
