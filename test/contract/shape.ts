// The shape of a body, as sorted lines that two schemas of different make can be compared by: which fields there are,
// which are required, their kinds, and the values of lists of allowed ones. Limits of length and number are left out:
// Klaviyo states them in words only.
import { z } from 'zod';
import type { JsonSchema } from './openapi.ts';

const anything = z.record(z.string(), z.unknown());
const schemas = z.array(anything);

/** Lines such as `/data/attributes/title required text`; two schemas that accept the same fields give the same lines. */
export function shapeOf(schema: JsonSchema): string[] {
  const lines = new Map<string, Set<string>>();
  walk(schema, '', lines);
  return [...lines].map(([path, kinds]) => `${path} ${[...kinds].sort().join(' | ')}`).sort();
}

function walk(schema: JsonSchema, path: string, lines: Map<string, Set<string>>): void {
  const branches = schemas.parse(schema.anyOf ?? schema.oneOf ?? schema.allOf ?? []);
  for (const branch of branches) walk(branch, path, lines);
  if (branches.length > 0) return;
  const kinds = lines.get(path) ?? new Set<string>();
  lines.set(path, kinds);
  for (const kind of kindsOf(schema)) kinds.add(kind);
  if (schema.type === 'array') walk(anything.parse(schema.items), `${path}/*`, lines);
  if (schema.type !== 'object') return;
  const required = z.array(z.string()).parse(schema.required ?? []);
  for (const [name, property] of Object.entries(anything.parse(schema.properties ?? {}))) {
    const below = `${path}/${name}`;
    walk(anything.parse(property), below, lines);
    if (required.includes(name)) lines.get(below)?.add('required');
  }
}

function kindsOf({ type, const: only, enum: several, properties }: JsonSchema): string[] {
  // A list of allowed values is the same as a choice of constants.
  if (Array.isArray(several)) return several.map((value) => `one of ${JSON.stringify(value)}`);
  if (only !== undefined) return [`one of ${JSON.stringify(only)}`];
  return [type].flat().map((one) => {
    if (one === 'integer') return 'number';
    if (one === 'object') return properties === undefined ? 'free-form object' : 'object';
    return typeof one === 'string' ? one : 'anything';
  });
}
