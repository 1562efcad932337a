/**
 * JSON:API errors of the mock API, with pointers to the invalid fields. Klaviyo has two kinds: errors of its framework
 * (401, 403, 404, 500) have the pointer `/data/` and neither links nor meta; errors of its own checks point to a field.
 * https://developers.klaviyo.com/en/docs/rate_limits_and_error_handling#error-responses, test/recordings
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
  links?: Record<string, unknown>;
  framework?: true;
};

/** Thrown by a handler to reject the whole request. The error handler turns it into the response. */
export class RequestError extends Error {
  readonly errors: readonly ErrorObject[];

  constructor(...errors: [ErrorObject, ...ErrorObject[]]) {
    super(errors[0].detail);
    this.name = 'RequestError';
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

/** Returns an error of Klaviyo's framework, which names no field. */
export function frameworkError(status: number, code: string, title: string, detail: string): ErrorObject {
  return { status, code, title, detail, pointer: '/data/', framework: true };
}

/** Returns a 404 error. */
export function notFound(detail: string): ErrorObject {
  return frameworkError(404, 'not_found', 'Not found.', detail);
}

/** Returns the error for a rate limit, with the seconds until the next request is accepted. */
export function throttled(seconds: number): ErrorObject {
  const detail = `Request was throttled. Expected available in ${seconds} second${seconds === 1 ? '' : 's'}.`;
  const links = { type: 'https://developers.klaviyo.com/en/docs/rate_limits_and_error_handling#rate-limits' };
  return { status: 429, code: 'throttled', title: 'Request was throttled.', detail, links };
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
    errors: errors.map(({ status, code, title, detail, pointer, parameter, meta, links, framework }) => ({
      id: randomUUID(),
      status,
      code,
      title,
      detail,
      source: parameter === undefined ? { pointer: pointer ?? '/data' } : { parameter },
      ...(framework ? {} : { links: links ?? {}, meta: meta ?? {} }),
    })),
  };
}

/** Formats a path of keys and indices as a JSON pointer (RFC 6901). */
export function pointerTo(path: readonly PropertyKey[], below = ''): string {
  return below + path.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** Returns the error for a body that does not match its schema. Klaviyo reports one error, though several may apply. */
export function schemaError({ issues: [issue] }: z.ZodError): ErrorObject {
  if (issue === undefined) return invalid('Invalid input.');
  if (issue.code !== 'unrecognized_keys') return invalid(issue.message, pointerTo(issue.path));
  const [key = ''] = issue.keys;
  return invalid(`'${key}' is not a valid field for this resource.`, pointerTo([...issue.path, key]));
}
