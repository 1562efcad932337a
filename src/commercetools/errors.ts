/** Classifies error responses of commercetools by status and error code. */
import { z } from 'zod';
import { omitUndefined } from '../lib/omit-undefined.ts';

export type CommercetoolsErrorType =
  /** Retry later: 429, 5xx, network error, timeout, or a response that is not JSON. */
  | 'unavailable'
  /** Invalid client id or secret. */
  | 'unauthorized'
  /** Missing scope. */
  | 'forbidden'
  | 'not-found'
  /** Write with an outdated version. */
  | 'conflict'
  /** Invalid request: an internal error, or an invalid `where` of a user. */
  | 'rejected';

/** Failed request to commercetools. The message contains no personal data. */
export class CommercetoolsError extends Error {
  override name = 'CommercetoolsError';
  readonly type: CommercetoolsErrorType;
  readonly status: number | undefined;
  readonly code: string | undefined;
  readonly retryAfterMs: number | undefined;
  /** What commercetools says about it. May contain values of the request, so it is never logged. */
  readonly detail: string | undefined;

  constructor(
    type: CommercetoolsErrorType,
    message: string,
    details: { status?: number; code?: string; retryAfterMs?: number; detail?: string } = {},
  ) {
    super(message);
    this.type = type;
    this.status = details.status;
    this.code = details.code;
    this.retryAfterMs = details.retryAfterMs;
    this.detail = details.detail;
  }
}

export const malformedKeyCode = 'MalformedKey';

/** @returns the error of a lookup whose key no record can have, such as half a character */
export function malformedKey(resource: string): CommercetoolsError {
  return new CommercetoolsError('rejected', `a malformed key can't be looked up in ${resource}`, {
    code: malformedKeyCode,
  });
}

/** A longer wait is a mistake or an attack: the API is tried again after this time. */
const maxRetryAfterMs = 60 * 60 * 1_000;

const coded = z.array(z.looseObject({ code: z.string() }));
/** Body of an error response, or the list of errors to which the SDK reduces a rejected token request. */
const errorBody = z.union([
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

/** @param thrown by the SDK. @param resource first segment of the requested path */
export function toCommercetoolsError(thrown: unknown, resource: string): CommercetoolsError {
  if (thrown instanceof CommercetoolsError) return thrown;
  const parsed = thrownShape.safeParse(thrown);
  const status = parsed.success ? parsed.data.statusCode : undefined;
  if (!parsed.success || status === undefined || status < 400) {
    return new CommercetoolsError('unavailable', `commercetools can't be reached (${networkCode(thrown)})`);
  }
  const code = codeOf(parsed.data.body) ?? codeOf(parsed.data.error);
  const retryAfter = Number(parsed.data.headers?.['retry-after']);
  const waits = Number.isFinite(retryAfter) && retryAfter > 0;
  const retryAfterMs = waits ? Math.min(retryAfter * 1_000, maxRetryAfterMs) : undefined;
  const message = `commercetools answered ${status}${code === undefined ? '' : ` (${code})`} to ${resource}`;
  const detail = detailOf(parsed.data.body);
  return new CommercetoolsError(typeOf(status, code), message, omitUndefined({ status, code, retryAfterMs, detail }));
}

const described = z.looseObject({ message: z.string() });

function detailOf(body: unknown): string | undefined {
  return described.safeParse(body).data?.message;
}

function typeOf(status: number, code: string | undefined): CommercetoolsErrorType {
  if (code === 'invalid_client' || code === 'unauthorized_client' || status === 401) return 'unauthorized';
  if (code === 'invalid_scope') return 'forbidden';
  // A 403 without a JSON body comes from a proxy and is temporary.
  if (status === 403) return code === undefined ? 'unavailable' : 'forbidden';
  if (status === 404) return code === undefined ? 'unavailable' : 'not-found';
  if (status === 409) return 'conflict';
  if (status === 429 || status === 408 || status >= 500) return 'unavailable';
  return 'rejected';
}

function codeOf(body: unknown): string | undefined {
  const parsed = errorBody.safeParse(body);
  if (!parsed.success) return undefined;
  return parsed.data.errors?.[0]?.code ?? parsed.data.error;
}

/** The SDK wraps errors of the HTTP client. */
const wrapped = z.looseObject({ error: z.instanceof(Error) });

function unwrapped(thrown: unknown): unknown {
  const inner = wrapped.safeParse(thrown).data?.error;
  return inner === undefined || inner === thrown ? thrown : unwrapped(inner);
}

const withCode = z.looseObject({ code: z.string() });

function networkCode(thrown: unknown): string {
  const error = unwrapped(thrown);
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  const parsed = withCode.safeParse(cause);
  if (parsed.success) return parsed.data.code;
  return error instanceof Error ? error.name : 'unknown error';
}
