/** Helpers for values that were thrown: in JavaScript they may be anything. */

export function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

/** @returns the message of an Error; a thrown value of any other type may hold personal data, so it is not shown */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : 'unknown error';
}

/** @returns the error's code, such as `ECONNREFUSED`, else its name; never its message */
export function codeOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return 'unknown error';
  return 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : thrown.name;
}

/** A lookup could not be answered now. It never counts as "none": what depends on it is retried. */
export class LookupUnavailable extends Error {
  override name = 'LookupUnavailable';
  readonly retryAfterMs: number | undefined;
  /** An operator must fix credentials. */
  readonly actionRequired: boolean;
  constructor(
    reason: string,
    { retryAfterMs, actionRequired = false }: { retryAfterMs?: number | undefined; actionRequired?: boolean } = {},
  ) {
    super(reason);
    this.retryAfterMs = retryAfterMs;
    this.actionRequired = actionRequired;
  }
}
