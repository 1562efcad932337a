/**
 * How Klaviyo says no: JSON:API errors with a pointer to what is wrong.
 * https://developers.klaviyo.com/en/docs/rate_limits_and_error_handling#error-responses
 */
import { randomUUID } from 'node:crypto';
import type { z } from 'zod';

/** One error of an answer. `pointer` is a JSON pointer into the request's body, `parameter` the name of a query parameter. */
export type Problem = {
  status: number;
  code: string;
  title: string;
  detail: string;
  pointer?: string;
  parameter?: string;
  meta?: Record<string, unknown>;
};

/** Thrown by a handler to refuse the whole request; the server turns it into the answer. */
export class Refusal extends Error {
  readonly problems: readonly Problem[];

  constructor(...problems: [Problem, ...Problem[]]) {
    super(problems[0].detail);
    this.name = 'Refusal';
    this.problems = problems;
  }
}

export function invalid(detail: string, pointer = '/data'): Problem {
  return { status: 400, code: 'invalid', title: 'Invalid input.', detail, pointer };
}

export function badParameter(detail: string, parameter: string): Problem {
  return { status: 400, code: 'invalid', title: 'Invalid input.', detail, parameter };
}

export function notFound(detail: string, pointer = '/data'): Problem {
  return { status: 404, code: 'not_found', title: 'Not found.', detail, pointer };
}

/** The same body for every conflict of identifiers; it does not say which identifier collides. */
export function duplicateProfile(duplicateProfileId: string, pointer = '/data/attributes'): Problem {
  return {
    status: 409,
    code: 'duplicate_profile',
    title: 'Conflict.',
    detail: 'A profile already exists with one of these identifiers.',
    pointer,
    meta: { duplicate_profile_id: duplicateProfileId },
  };
}

/** The body of an error answer. */
export function errorBody(problems: readonly Problem[]) {
  return {
    errors: problems.map(({ status, code, title, detail, pointer, parameter, meta }) => ({
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

/** Writes a path of keys and indices as a JSON pointer (RFC 6901). */
export function pointerTo(path: readonly PropertyKey[], below = ''): string {
  return below + path.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** Every issue of a strict schema as a problem; an unknown field gets a pointer of its own. */
export function problemsOf(error: z.ZodError, below = ''): Problem[] {
  return error.issues.flatMap((issue) => {
    if (issue.code !== 'unrecognized_keys') return [invalid(issue.message, pointerTo(issue.path, below))];
    return issue.keys.map((key) =>
      invalid(`'${key}' is not a valid field for this resource.`, pointerTo([...issue.path, key], below)),
    );
  });
}
