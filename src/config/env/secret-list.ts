/** Schemas of variables with several values, such as an old and a new token during rotation. */
import { z } from 'zod';

/** Comma- or space-separated. @param error message for an invalid value */
export const list = (pattern: RegExp, error: string) =>
  z
    .string()
    .trim()
    .transform((text) => text.split(/[\s,]+/).filter((value) => value !== ''))
    .refine((values) => values.every((value) => pattern.test(value)), error);

/** Secrets: printable ASCII without blanks, 16 characters or more each. */
export const secretsSchema = list(/^[\x21-\x7e]{16,}$/, 'must have 16 characters at least, all of them ASCII');
