/** Reads the tokens of the service's own API, each with the name that the log shows. */
import { z } from 'zod';
import { secretsSchema } from './sources.ts';

/** `name:token`; anything else before a colon is part of the token. */
const named = /^([a-z0-9-]{1,32}):(.+)$/;

/** @param variable its name stands for tokens without one; of several with their position */
export function apiTokensSchema(variable: string) {
  return z
    .string()
    .transform((text) => text.split(/[\s,]+/).filter((value) => value !== ''))
    .transform((values) =>
      values.map((value, index) => tokenOf(value, index === 0 ? variable : `${variable}-${index + 1}`)),
    )
    .refine((tokens) => new Set(tokens.map(({ name }) => name)).size === tokens.length, 'has two tokens of one name')
    .superRefine((tokens, context) => {
      const secrets = secretsSchema.safeParse(tokens.map(({ token }) => token).join(','));
      for (const { message } of secrets.error?.issues ?? []) context.addIssue({ code: 'custom', message });
    });
}

function tokenOf(value: string, name: string): { name: string; token: string } {
  const [, prefix, rest] = named.exec(value) ?? [];
  return prefix === undefined || rest === undefined ? { name, token: value } : { name: prefix, token: rest };
}
