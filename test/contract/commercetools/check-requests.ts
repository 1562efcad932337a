// Holds every request that a run sent to the sandbox against commercetools' own OpenAPI description, independently of the
// sandbox's tables: paths, verbs, query parameters, bodies, the fields in `where` and `sort`, and message types.
// `node test/contract/commercetools/check-requests.ts RECORD.jsonl [--require]`
import { z } from 'zod';
import { type Fields, fieldIn } from '../../../sandbox/commercetools/field-shapes.ts';
import { PredicateError, tokens } from '../../../sandbox/commercetools/predicate-tokens.ts';
import { compilePredicate } from '../../../sandbox/commercetools/predicates.ts';
import { type CheckedRequest, checkRecord } from '../check-record.ts';
import { createChecks } from '../validation.ts';
import { type IsMessageType, messageTypesIn } from './message-types.ts';
import { loadOpenApi, type Operation, openApiPath, operationOf, referredName, type Spec } from './openapi.ts';
import { createSchemas } from './schemas.ts';

const recorded = z.object({ method: z.string(), path: z.string(), query: z.string(), body: z.unknown().optional() });
const anything = z.record(z.string(), z.unknown());
const selection = z.looseObject({
  messages: z.array(z.looseObject({ resourceTypeId: z.string(), types: z.array(z.string()).default([]) })).default([]),
});
const selections = z.looseObject({ actions: z.array(selection).default([]) });

/** Fields that can be queried although the description lacks them; other clients of commercetools use them. */
const undocumentedFields: Record<string, readonly string[]> = { Customer: ['lowercaseEmail'] };

/** Returns the check of a recorded request. */
export function checkOf(spec: Spec): (line: unknown) => CheckedRequest {
  const schemas = createSchemas(spec);
  const bodyCheckOf = createChecks(schemas.definitions);
  const { isMessageType } = messageTypesIn(spec);
  const fieldsByResource = new Map<string, Fields>();

  function fieldsOf(resource: string): Fields {
    const known = fieldsByResource.get(resource) ?? withUndocumented(resource, schemas.fieldsOf(resource));
    fieldsByResource.set(resource, known);
    return known;
  }

  function bodyFailures(operation: Operation, body: unknown): string[] {
    if (operation.body === undefined) return body === undefined ? [] : ['/: the operation takes no body'];
    if (body === undefined) return ['/: the operation takes a body'];
    return bodyCheckOf(operation.id, schemas.bodySchema(operation.body))(body);
  }

  return (line) => {
    const { method, path, query, body } = recorded.parse(line);
    const operation = operationOf(spec, method, path);
    if (operation === undefined) {
      const resource = path.split('/')[2] ?? '';
      return { operation: `${method} /${resource}`, failures: ['not an operation of the API'] };
    }
    const resource = resourceOf(spec, operation);
    const parameters = new URLSearchParams(query);
    const failures = [
      ...parameterFailures(operation, parameters),
      ...(resource === undefined ? [] : fieldFailures(fieldsOf(resource), parameters)),
      ...bodyFailures(operation, body),
      ...(operation.id.startsWith('POST /subscriptions') ? messageFailures(body, isMessageType) : []),
    ];
    return { operation: operation.id, failures };
  };
}

function withUndocumented(resource: string, fields: Fields): Fields {
  if (typeof fields === 'string') return fields;
  const more = (undocumentedFields[resource] ?? []).map((name) => [name, 'value' as const]);
  return { ...fields, ...Object.fromEntries(more) };
}

/** The name of the schema that a query of a collection answers records of. */
function resourceOf({ schemas }: Spec, { method, answer }: Operation): string | undefined {
  const page = answer === undefined || method !== 'GET' ? undefined : schemas[referredName(answer) ?? ''];
  const { results } = anything.parse(page?.properties ?? {});
  return results === undefined ? undefined : referredName(anything.parse(anything.parse(results).items ?? {}));
}

function parameterFailures({ queryParameters }: Operation, parameters: URLSearchParams): string[] {
  const known = (name: string) =>
    queryParameters.find((candidate) =>
      candidate.name.startsWith('/') ? new RegExp(candidate.name.slice(1, -1)).test(name) : candidate.name === name,
    );
  const wrong = [...new Set(parameters.keys())].flatMap((name) => {
    const type = known(name)?.schema?.type;
    if (known(name) === undefined) return [`?${name}: not a parameter of the operation`];
    const values = parameters.getAll(name);
    if (type !== 'array' && values.length > 1) return [`?${name}: must not be repeated`];
    if ((type === 'number' || type === 'integer') && values.some((value) => !/^\d+$/.test(value))) {
      return [`?${name}: must be a number`];
    }
    return type === 'boolean' && !/^(true|false)$/.test(values[0] ?? '') ? [`?${name}: must be a boolean`] : [];
  });
  const missing = queryParameters.filter(({ name, required }) => required && !parameters.has(name));
  return [...wrong, ...missing.map(({ name }) => `?${name}: is required`)];
}

function fieldFailures(fields: Fields, parameters: URLSearchParams): string[] {
  const names = [...parameters.keys()].filter((name) => name.startsWith('var.'));
  const variables = new Map(names.map((name) => [name.slice('var.'.length), parameters.getAll(name)]));
  const used = new Set<string>();
  const inWhere = parameters.getAll('where').flatMap((where) => {
    try {
      compilePredicate(where, { variables, fields, acceptsIdBound: () => true });
      for (const token of tokens(where)) if (token.type === 'variable') used.add(token.text);
      return [];
    } catch (error) {
      if (error instanceof PredicateError) return [`?where: ${error.message}`];
      throw error;
    }
  });
  const unused = inWhere.length > 0 ? [] : [...variables.keys()].filter((name) => !used.has(name));
  const inSort = parameters.getAll('sort').filter((sort) => {
    const path = sort.trim().split(/\s+/)[0]?.split('.') ?? [];
    return path.reduce<Fields | undefined>((inner, name) => inner && fieldIn(inner, name), fields) === undefined;
  });
  return [
    ...inWhere,
    ...unused.map((name) => `?var.${name}: no predicate has this variable`),
    ...inSort.map((sort) => `?sort: the field of '${sort}' does not exist`),
  ];
}

/** Message types of a draft, and of update actions. */
function messageFailures(body: unknown, isMessageType: IsMessageType): string[] {
  const drafts = [selection.safeParse(body).data, ...(selections.safeParse(body).data?.actions ?? [])];
  return drafts
    .flatMap((draft) => draft?.messages ?? [])
    .flatMap(({ resourceTypeId, types }) =>
      types
        .filter((type) => !isMessageType(type, resourceTypeId))
        .map((type) => `/messages: ${type} is not a message of ${resourceTypeId}`),
    );
}

if (import.meta.main) process.exitCode = await checkRecord({ specPath: openApiPath(), load: loadOpenApi, checkOf });
