/** Errors of a check, which become findings. */

/** A fact can't be verified, for example because the key lacks a scope. */
export class UnverifiableError extends Error {
  override name = 'UnverifiableError';
}

/** The key or the client lacks a scope: nothing was read or written. */
export class ForbiddenError extends UnverifiableError {
  override name = 'ForbiddenError';
}
