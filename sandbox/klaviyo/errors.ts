/**
 * JSON:API errors of the mock API, with pointers to the invalid fields.
 * https://developers.klaviyo.com/en/docs/rate_limits_and_error_handling#error-responses
 */
import { randomUUID } from 'node:crypto';
import type { z } from 'zod';

/**
 * One error in a response. `pointer` is a JSON pointer into the request body, `parameter` the name of a query
 * parameter.
 */
export type ErrorObject = {
  status: number;
  code: string;
  title: string;
  detail: string;
  pointer?: string;
  parameter?: string;
  meta?: Record<string, unknown>;
};

/** Thrown by a handler to reject the whole request. The error handler turns it into the response. */
export class RequestError extends Error {
  readonly errors: readonly ErrorObject[];

  constructor(...errors: [ErrorObject, ...ErrorObject[]]) {
    super(errors[0].detail);
    this.name = 'Refusal';
    this.errors = errors;
  }
}

/** Returns a 400 error with a pointer into the body. */
export function invalid(detail: string, pointer = '/data'): ErrorObject {
  return { status: 400, code: 'invalid', title: 'Invalid input.', detail, pointer };
}

/** Returns a 400 error for a query parameter. */
export function invalidParameter(detail: string, parameter: string): ErrorObject {
  return { status: 400, code: 'invalid', title: 'Invalid input.', detail, parameter };
}

/** Returns a 404 error. */
export function notFound(detail: string, pointer = '/data'): ErrorObject {
  return { status: 404, code: 'not_found', title: 'Not found.', detail, pointer };
}

/** Returns the error for an identifier conflict. Like Klaviyo's, it does not name the conflicting identifier. */
export function duplicateProfile(duplicateProfileId: string, pointer = '/data/attributes'): ErrorObject {
  return {
    status: 409,
    code: 'duplicate_profile',
    title: 'Conflict.',
    detail: 'A profile already exists with one of these identifiers.',
    pointer,
    meta: { duplicate_profile_id: duplicateProfileId },
  };
}

/** Returns the body of an error response. */
export function errorBody(errors: readonly ErrorObject[]) {
  return {
    errors: errors.map(({ status, code, title, detail, pointer, parameter, meta }) => ({
      id: randomUUID(),
      status,
      code,
      title,
      detail,
      source: parameter === undefined ? { pointer: pointer ?? '/data' } : { parameter },
      links: {},
      meta: meta ?? {},
    })),
  };
}

/** Formats a path of keys and indices as a JSON pointer (RFC 6901). */
export function pointerTo(path: readonly PropertyKey[], below = ''): string {
  return below + path.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** Converts each schema issue to an error object. Each unknown field gets its own pointer. */
export function schemaErrors(error: z.ZodError, below = ''): ErrorObject[] {
  return error.issues.flatMap((issue) => {
    if (issue.code !== 'unrecognized_keys') return [invalid(issue.message, pointerTo(issue.path, below))];
    return issue.keys.map((key) =>
      invalid(`'${key}' is not a valid field for this resource.`, pointerTo([...issue.path, key], below)),
    );
  });
}
