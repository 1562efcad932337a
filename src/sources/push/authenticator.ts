/** Interface of the push authenticators. They decide by the headers alone if these suffice. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

export interface PushRequest {
  headers: IncomingHttpHeaders;
  /** Query parameters of the URL; a repeated name is a list. */
  query: Record<string, unknown>;
}

type Denied =
  | { outcome: 'denied'; reason: string }
  /** The decision needs data that can't be fetched at the moment, so the broker has to retry. */
  | { outcome: 'unknown'; reason: string };

export type AuthResult =
  | { outcome: 'allowed' }
  /** The proof is in the body: `verifyBody` checks it. */
  | { outcome: 'after-body' }
  | Denied;

export type BodyResult =
  /** `covered` is what the proof covers; nothing else of the body may be interpreted. */
  | { outcome: 'delivery'; covered: unknown }
  /** The body holds no delivery; this is the response. */
  | { outcome: 'response'; status: 200 | 204; body?: Record<string, unknown> }
  | Denied;

export interface PushAuthenticator {
  readonly name: string;
  readonly variables: string;
  /** @returns undefined if the request carries no credentials of this kind */
  authenticate(request: PushRequest): Promise<AuthResult | undefined>;
  /**
   * Verifies the body of a request that `authenticate` let pass, and answers handshakes. Without it the proof in the headers
   * covers the whole body. Never rejects.
   */
  verifyBody?(body: unknown): Promise<BodyResult>;
}

export function bearerOf({ authorization }: IncomingHttpHeaders): string | undefined {
  return /^Bearer (\S+)$/i.exec(authorization ?? '')?.[1];
}

/** @returns whether the token has the three parts of a JWT, so that it is no shared secret */
export function looksSigned(token: string): boolean {
  return /^[\w-]+\.[\w-]+\.[\w-]+$/.test(token);
}

/** @returns whether it is one of the secrets; compares in constant time and with all of them, so that the time reveals nothing */
export function isOneOf(given: string, secrets: readonly string[]): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  const givenDigest = digest(given);
  return secrets.filter((secret) => timingSafeEqual(givenDigest, digest(secret))).length > 0;
}
