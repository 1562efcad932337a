// commercetools' published OpenAPI description, read where it lies: data to check against, never part of this project.
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';

const anything = z.record(z.string(), z.unknown());

const parameter = z.object({
  name: z.string(),
  in: z.string(),
  required: z.boolean().default(false),
  schema: anything.optional(),
});
const content = z.object({ content: z.record(z.string(), z.object({ schema: anything.optional() })).optional() });
const operation = z.object({
  operationId: z.string(),
  parameters: z.array(parameter).default([]),
  requestBody: content.optional(),
  responses: z.record(z.string(), content),
});
const verbs = z.object({
  parameters: z.array(parameter).default([]),
  get: operation.optional(),
  head: operation.optional(),
  post: operation.optional(),
  delete: operation.optional(),
});
const file = z.object({
  paths: z.record(z.string(), verbs),
  components: z.object({ schemas: z.record(z.string(), anything) }),
});

export type Schema = Record<string, unknown>;
export type Parameter = z.infer<typeof parameter>;

export type Operation = {
  /** Verb and path with its parameters in braces, without the project, such as `GET /customers/{ID}`. */
  id: string;
  method: string;
  pattern: RegExp;
  queryParameters: Parameter[];
  /** Schema of the JSON body; undefined: it has none. */
  body: Schema | undefined;
  /** Schema of the answer with status 200. */
  answer: Schema | undefined;
};

export type Spec = { operations: Operation[]; schemas: Record<string, Schema> };

/** Where the file is looked for: `COMMERCETOOLS_OPENAPI`, else beside the project. */
export function openApiPath(): string {
  const root = resolve(import.meta.dirname, '../../..');
  return resolve(root, process.env.COMMERCETOOLS_OPENAPI ?? '../shared/commercetools-openapi/openapi.yaml');
}

/** Reads the file; undefined if there is none. */
export function loadOpenApi(path = openApiPath()): Spec | undefined {
  if (!existsSync(path)) return undefined;
  const { paths, components } = file.parse(parse(withoutEnumDescriptions(readFileSync(path, 'utf8'))));
  const operations = Object.entries(paths).flatMap(([template, { parameters: shared, ...byVerb }]) =>
    Object.entries(byVerb).flatMap(([verb, found]): Operation[] => {
      if (found === undefined) return [];
      const { parameters, requestBody, responses } = found;
      const method = verb.toUpperCase();
      return [
        {
          id: `${method} ${template.replace('/{projectKey}', '') || '/'}`,
          method,
          pattern: patternOf(template),
          queryParameters: [...shared, ...parameters].filter(({ in: place }) => place === 'query'),
          body: jsonSchemaOf(requestBody),
          answer: jsonSchemaOf(responses['200']),
        },
      ];
    }),
  );
  // `/customers/key={key}` also matches `/customers/{ID}`: the path with more fixed text goes first.
  const fixed = ({ id }: Operation) => id.replaceAll(/\{\w+\}/g, '').length;
  return { operations: operations.sort((a, b) => fixed(b) - fixed(a)), schemas: components.schemas };
}

/** The operation of a request; `path` without query, percent-encoded as it was sent. */
export function operationOf({ operations }: Spec, method: string, path: string): Operation | undefined {
  return operations.find((candidate) => candidate.method === method && candidate.pattern.test(path));
}

/** The name behind a reference to a schema, or undefined. A few references of the file stand in `type`. */
export function referredName({ $ref, type }: Schema): string | undefined {
  const reference = $ref ?? type;
  const prefix = '#/components/schemas/';
  return typeof reference === 'string' && reference.startsWith(prefix) ? reference.slice(prefix.length) : undefined;
}

/** Their texts of several lines are not valid YAML in this file. Nothing else is missed. */
function withoutEnumDescriptions(text: string): string {
  let below: number | undefined;
  const kept = text.split('\n').filter((line) => {
    const indent = line.length - line.trimStart().length;
    if (below !== undefined && (line.trim() === '' || indent > below)) return false;
    below = /^\s*x-annotation-enumDescriptions:/.test(line) ? indent : undefined;
    return below === undefined;
  });
  return kept.join('\n');
}

function jsonSchemaOf(part: z.infer<typeof content> | undefined): Schema | undefined {
  return part?.content?.['application/json']?.schema;
}

function patternOf(template: string): RegExp {
  const pieces = template.split(/\{\w+\}/).map((piece) => piece.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${pieces.join('[^/]+')}/?$`);
}
