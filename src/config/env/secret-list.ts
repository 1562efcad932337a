/** Variables that hold several values, such as an old and a new token while one replaces the other. */
import { z } from 'zod';

/** Comma- or space-separated. @param error what each value must be */
export const list = (pattern: RegExp, error: string) =>
  z
    .string()
    .trim()
    .transform((text) => text.split(/[\s,]+/).filter((value) => value !== ''))
    .refine((values) => values.every((value) => pattern.test(value)), error);

/** Secrets: printable ASCII without blanks, 16 characters or more each. */
export const secretsSchema = list(/^[\x21-\x7e]{16,}$/, 'must have 16 characters at least, all of them ASCII');
