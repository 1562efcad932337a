// Validating against a JSON Schema without ever repeating a value: failures name places, not people.
import { Ajv2019, type ErrorObject } from 'ajv/dist/2019.js';
import formats from 'ajv-formats';
import type { JsonSchema } from './openapi.ts';

/** Checks a value; returns a line for each failure (pointer and what is expected there), none if it is valid. */
export type Check = (value: unknown) => string[];

/** Compiles schemas on first use and keeps them. @param definitions with an `$id`, to which the schemas can refer */
export function createChecks(definitions?: JsonSchema): (name: string, schema: JsonSchema) => Check {
  const ajv = new Ajv2019({ allErrors: true, strict: false, validateSchema: false });
  formats.default(ajv);
  if (definitions !== undefined) ajv.addSchema(definitions);
  const checks = new Map<string, Check>();
  return (name, schema) => {
    const known = checks.get(name);
    if (known !== undefined) return known;
    const validate = ajv.compile(schema);
    const check = (value: unknown) => (validate(value) ? [] : [...new Set((validate.errors ?? []).map(failureText))]);
    checks.set(name, check);
    return check;
  };
}

function failureText({ instancePath, keyword, message, params }: ErrorObject): string {
  const named = keyword === 'unevaluatedProperties' ? params.unevaluatedProperty : params.additionalProperty;
  if (typeof named === 'string') return `${instancePath}/${named}: not a field of this object`;
  return `${instancePath || '/'}: ${message ?? keyword}`;
}
