/** What commercetools' refusals mean, decided once: by status and error code. */
import { z } from 'zod';

export type CommercetoolsErrorType =
  /** Not now: 429, 5xx, network, time-out, an answer that is no JSON. */
  | 'unavailable'
  /** The client's id or secret is refused. */
  | 'unauthorized'
  /** The client lacks a scope. */
  | 'forbidden'
  | 'not-found'
  /** A write with a stale version. */
  | 'conflict'
  /** The request is wrong: our own bug, or a `where` of the user's that the API does not take. */
  | 'rejected';

/** A look-up or write that commercetools did not answer as asked. Its message holds no personal data. */
export class CommercetoolsError extends Error {
  override name = 'ReadFailure';
  readonly type: CommercetoolsErrorType;
  readonly status: number | undefined;
  readonly code: string | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(
    kind: CommercetoolsErrorType,
    message: string,
    more: { status?: number; code?: string; retryAfterMs?: number } = {},
  ) {
    super(message);
    this.type = kind;
    this.status = more.status;
    this.code = more.code;
    this.retryAfterMs = more.retryAfterMs;
  }
}

const coded = z.array(z.looseObject({ code: z.string() }));
/** A body as the API sends it, or the bare list of errors that the SDK passes on of a refused token request. */
const body = z.union([
  coded.transform((errors) => ({ error: undefined, errors })),
  z.looseObject({ error: z.string().optional(), errors: coded.optional() }),
]);
const thrownShape = z.looseObject({
  statusCode: z.number().optional(),
  code: z.unknown().optional(),
  body: z.unknown().optional(),
  error: z.unknown().optional(),
  headers: z.record(z.string(), z.unknown()).optional(),
});

/**
 * @param thrown what the SDK's client rejected with
 * @param what the path that was asked, without its query
 */
export function toCommercetoolsError(thrown: unknown, what: string): CommercetoolsError {
  if (thrown instanceof CommercetoolsError) return thrown;
  const parsed = thrownShape.safeParse(thrown);
  const status = parsed.success ? parsed.data.statusCode : undefined;
  if (!parsed.success || status === undefined || status < 400) {
    return new CommercetoolsError('unavailable', `commercetools can't be reached (${networkCode(thrown)})`);
  }
  const code = codeOf(parsed.data.body) ?? codeOf(parsed.data.error);
  const retryAfter = Number(parsed.data.headers?.['retry-after']);
  const more = {
    status,
    ...(code === undefined ? {} : { code }),
    ...(Number.isFinite(retryAfter) && retryAfter > 0 ? { retryAfterMs: retryAfter * 1_000 } : {}),
  };
  const said = `commercetools answered ${status}${code === undefined ? '' : ` (${code})`} to ${what}`;
  return new CommercetoolsError(typeOf(status, code), said, more);
}

function typeOf(status: number, code: string | undefined): CommercetoolsErrorType {
  if (code === 'invalid_client' || code === 'unauthorized_client' || status === 401) return 'unauthorized';
  if (code === 'invalid_scope') return 'forbidden';
  // An edge's 403 has no JSON body with a code: careful for a moment, not a refused client.
  if (status === 403) return code === undefined ? 'unavailable' : 'forbidden';
  if (status === 404) return code === undefined ? 'unavailable' : 'not-found';
  if (status === 409) return 'conflict';
  if (status === 429 || status === 408 || status >= 500) return 'unavailable';
  return 'rejected';
}

function codeOf(said: unknown): string | undefined {
  const parsed = body.safeParse(said);
  if (!parsed.success) return undefined;
  return parsed.data.errors?.[0]?.code ?? parsed.data.error;
}

/** The official client throws errors of its own that hold the one that it met. */
const wrapped = z.looseObject({ error: z.instanceof(Error) });

function metBy(thrown: unknown): unknown {
  const inner = wrapped.safeParse(thrown).data?.error;
  return inner === undefined || inner === thrown ? thrown : metBy(inner);
}

const withCode = z.looseObject({ code: z.string() });

function networkCode(thrown: unknown): string {
  const met = metBy(thrown);
  const cause = met instanceof Error ? (met.cause ?? met) : met;
  const parsed = withCode.safeParse(cause);
  if (parsed.success) return parsed.data.code;
  return met instanceof Error ? met.name : 'unknown error';
}
