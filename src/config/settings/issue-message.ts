/** Describes an invalid setting: the expected and the actual type, never the value itself, which may be secret. */
import type { z } from 'zod';
import { pathText } from '../../extension/schema.ts';

/** @returns such as `order.states.created.placedOrder must be a list, not a text` */
export function issueMessage(issue: z.core.$ZodIssue): string {
  return `${pathText(issue.path)} ${expectation(issue)}`;
}

function expectation(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${types[issue.expected] ?? issue.expected}, not ${typeOf(issue.input)}`;
    case 'invalid_value':
      return `must be one of ${issue.values.map(String).join(', ')}`;
    case 'invalid_union':
      return `must be one of ${issue.errors.flat().flatMap(valuesOf).join(', ')}`;
    case 'too_big':
      return `must be ${issue.inclusive ? 'at most' : 'less than'} ${issue.maximum}${unitOf(issue)}`;
    case 'too_small':
      return `must be ${issue.inclusive ? 'at least' : 'more than'} ${issue.minimum}${unitOf(issue)}`;
    default:
      return issue.message;
  }
}

const types: Record<string, string> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};

function valuesOf(issue: z.core.$ZodIssue): string[] {
  return issue.code === 'invalid_value' ? issue.values.map(String) : [];
}

function unitOf({ origin }: { origin: string }): string {
  if (origin === 'string') return ' characters long';
  return origin === 'array' ? ' entries long' : '';
}

function typeOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'number') return Number.isInteger(value) ? 'a number' : 'a fraction';
  const names: Record<string, string> = { string: 'a text', boolean: 'true or false', object: 'an object' };
  return names[typeof value] ?? 'nothing';
}
