/** What every way of pushing to POST / has: who may, decided by the headers alone wherever they say enough. */
import type { IncomingHttpHeaders } from 'node:http';

/** A request, its body not yet read. */
export interface PushRequest {
  headers: IncomingHttpHeaders;
  /** Of the URL; a repeated name is a list. */
  query: Record<string, unknown>;
}

export type Admission =
  | { admitted: 'yes' }
  /** The proof is in the body; `open` looks at it. */
  | { admitted: 'after-body' }
  | { admitted: 'no'; reason: string }
  /** What is needed to decide can't be had now: the broker shall try again. */
  | { admitted: 'unknown'; reason: string };

export type Opened =
  /** A delivery to unwrap. */
  | { opened: 'delivery' }
  /** Nothing to deliver: answered with this. */
  | { opened: 'answer'; status: 200 | 204; body?: Record<string, unknown> }
  | Exclude<Admission, { admitted: 'yes' | 'after-body' }>;

export interface PushWay {
  readonly name: string;
  /** The variables that configure it, for refusals. */
  readonly variables: string;
  /** @returns undefined where the request shows nothing that this way looks at */
  admit(request: PushRequest): Promise<Admission | undefined>;
  /** Looks into the body of an admitted request: proves, confirms, or leaves it to be unwrapped. Never rejects. */
  open?(body: unknown): Promise<Opened>;
}

/** The token of `Authorization: Bearer <token>`. */
export function bearerOf({ authorization }: IncomingHttpHeaders): string | undefined {
  return /^Bearer (\S+)$/i.exec(authorization ?? '')?.[1];
}

/** A token of three parts: signed by somebody, not a secret of ours. */
export function looksSigned(token: string): boolean {
  return /^[\w-]+\.[\w-]+\.[\w-]+$/.test(token);
}
