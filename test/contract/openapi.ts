// Klaviyo's published OpenAPI file, read where it lies: it is data to check against, never part of this project.
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';

const anything = z.record(z.string(), z.unknown());
const schemas = z.array(anything);
const compositions = ['allOf', 'anyOf', 'oneOf'];
const content = z.object({
  $ref: z.string().optional(),
  content: z.record(z.string(), z.object({ schema: anything })).optional(),
});

const operation = z.object({
  operationId: z.string(),
  'x-klaviyo-ratelimit': z.object({ burst: z.string(), steady: z.string(), daily: z.string().optional() }).optional(),
  'x-klaviyo-scopes': z.array(z.string()).optional(),
  requestBody: content.optional(),
  responses: z.record(z.string(), content),
});

const verbs = z.object({
  get: operation.optional(),
  post: operation.optional(),
  patch: operation.optional(),
  put: operation.optional(),
  delete: operation.optional(),
});

const file = z.object({
  paths: z.record(z.string(), verbs),
  components: z.object({ schemas: z.record(z.string(), anything), responses: z.record(z.string(), content) }),
});

export type JsonSchema = Record<string, unknown>;

export type SpecOperation = {
  id: string;
  method: string;
  /** With its parameters in braces. */
  path: string;
  pattern: RegExp;
  rateLimit: { burst: string; steady: string; daily?: string | undefined } | undefined;
  scopes: string[];
  /** Schema of the request's body in JSON Schema 2019-09, strict; undefined: it has none. */
  requestBody: JsonSchema | undefined;
  /** Schemas of the answers that have a body, by status; extra fields are allowed. */
  answers: Record<string, JsonSchema>;
};

export type Spec = { path: string; operations: SpecOperation[] };

/** Where the file is looked for: `KLAVIYO_OPENAPI`, else beside the project. */
export function openApiPath(): string {
  const root = resolve(import.meta.dirname, '../..');
  return resolve(root, process.env.KLAVIYO_OPENAPI ?? '../shared/klaviyo-openapi/stable-2026-07-15.json');
}

/** Reads the file; undefined if there is none. */
export function loadOpenApi(path = openApiPath()): Spec | undefined {
  if (!existsSync(path)) return undefined;
  const { paths, components } = file.parse(JSON.parse(readFileSync(path, 'utf8')));
  const operations: SpecOperation[] = [];
  for (const [template, byVerb] of Object.entries(paths)) {
    for (const [verb, found] of Object.entries(byVerb)) {
      if (found === undefined) continue;
      const body = bodySchema(found.requestBody);
      const answers = Object.entries(found.responses).flatMap(([status, answer]) => {
        const schema = bodySchema(
          answer.$ref === undefined ? answer : components.responses[answer.$ref.split('/').at(-1) ?? ''],
        );
        return schema === undefined ? [] : [[status, toJsonSchema(schema, components.schemas, 'open')] as const];
      });
      operations.push({
        id: found.operationId,
        method: verb.toUpperCase(),
        path: template,
        pattern: patternOf(template),
        rateLimit: found['x-klaviyo-ratelimit'],
        scopes: found['x-klaviyo-scopes'] ?? [],
        requestBody: body === undefined ? undefined : toJsonSchema(body, components.schemas, 'strict'),
        answers: Object.fromEntries(answers),
      });
    }
  }
  return { path, operations };
}

/** The operation of a request; `path` without query, its parameters percent-encoded as they were sent. */
export function operationOf(spec: Spec, method: string, path: string): SpecOperation | undefined {
  return spec.operations.find((candidate) => candidate.method === method && candidate.pattern.test(path));
}

function bodySchema(part: z.infer<typeof content> | undefined): JsonSchema | undefined {
  return part?.content?.['application/vnd.api+json']?.schema;
}

function patternOf(template: string): RegExp {
  const pieces = template.split(/\{\w+\}/).map((piece) => piece.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${pieces.join('[^/]+')}/?$`);
}

/**
 * OpenAPI 3.0 to JSON Schema 2019-09: references are put in place, `nullable` becomes a null type.
 *
 * In 'strict' an object that lists its properties takes no others unless the file says so, because Klaviyo answers 400
 * to unknown fields although its file does not state it; one that lists none (event properties, custom metadata) is
 * free-form. `unevaluatedProperties` on the outermost schema of an object says this soundly even where the object is
 * composed (allOf, oneOf): `additionalProperties` in a branch would refuse what the other branches list.
 */
function toJsonSchema(schema: JsonSchema, components: Record<string, JsonSchema>, mode: Mode): JsonSchema {
  return convert(schema, { components, mode, place: 'whole', seen: [] });
}

type Mode = 'strict' | 'open';
type Context = {
  components: Record<string, JsonSchema>;
  mode: Mode;
  /** Is the node one of several that describe the same value? */
  place: 'whole' | 'branch';
  /** References on the way here; a circle ends in "anything". */
  seen: readonly string[];
};

function convert(node: JsonSchema, context: Context): JsonSchema {
  const made = typeof node.$ref === 'string' ? resolved(node.$ref, context) : converted(node, context);
  return node.nullable === true ? orNull(made) : made;
}

function resolved(reference: string, context: Context): JsonSchema {
  const name = reference.split('/').at(-1) ?? '';
  if (context.seen.includes(name)) return {};
  return convert(context.components[name] ?? {}, { ...context, seen: [...context.seen, name] });
}

function converted(node: JsonSchema, context: Context): JsonSchema {
  const { nullable: _null, properties, items, example: _example, discriminator: _tag, ...rest } = node;
  const made: JsonSchema = { ...rest };
  const whole = (value: unknown) => convert(anything.parse(value), { ...context, place: 'whole' });
  if (items !== undefined) made.items = whole(items);
  if (properties !== undefined) {
    const entries = Object.entries(anything.parse(properties));
    made.properties = Object.fromEntries(entries.map(([key, value]) => [key, whole(value)]));
  }
  for (const word of compositions) {
    if (!(word in node)) continue;
    made[word] = schemas.parse(node[word]).map((branch) => convert(branch, { ...context, place: 'branch' }));
  }
  const { mode, place } = context;
  const closed =
    mode === 'strict' && place === 'whole' && node.additionalProperties === undefined && listsProperties(made);
  return closed ? { ...made, unevaluatedProperties: false } : made;
}

function orNull(schema: JsonSchema): JsonSchema {
  return { anyOf: [schema, { type: 'null' }] };
}

function listsProperties(schema: JsonSchema): boolean {
  if (schema.properties !== undefined && Object.keys(anything.parse(schema.properties)).length > 0) return true;
  return compositions.some((word) => word in schema && schemas.parse(schema[word]).some(listsProperties));
}
