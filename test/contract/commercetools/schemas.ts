// The schemas of the OpenAPI description as one object shape each, as JSON Schema definitions, and as queryable fields.
import { z } from 'zod';
import type { Fields } from '../../../sandbox/commercetools/field-shapes.ts';
import { referredName, type Schema, type Spec } from './openapi.ts';

const anything = z.record(z.string(), z.unknown());
const discriminatorOf = z.object({ propertyName: z.string(), mapping: z.record(z.string(), z.string()) });

/** The `$id` of the definitions. */
const definitionsId = 'https://commercetools.example/definitions';

/** An object with the properties of all schemas that it is composed of. */
type Shape = {
  properties: Record<string, Schema>;
  required: Set<string>;
  /** Names of properties are free, as in a LocalizedString. */
  open: boolean;
  discriminator: z.infer<typeof discriminatorOf> | undefined;
};

export type Schemas = {
  /** Definitions with an `$id`, to which the schemas of `bodySchema` refer. */
  definitions: Schema;
  /** The schema of a request's body, in which unknown fields are failures. */
  bodySchema(schema: Schema): Schema;
  /** The fields that `where` and `sort` can name in a resource. */
  fieldsOf(name: string): Fields;
};

// The file says less than the reference: values of custom fields are of any type, and money in drafts takes both
// precisions. It requires a partner event source in drafts, which commercetools assigns.
const corrections: Record<string, Schema> = {
  EventBridgeDestination: {
    type: 'object',
    required: ['type', 'region', 'accountId'],
    properties: { type: { const: 'EventBridge' }, region: { type: 'string' }, accountId: { type: 'string' } },
    additionalProperties: false,
  },
  FieldContainer: {},
  Money: {
    type: 'object',
    required: ['currencyCode'],
    properties: {
      type: { enum: ['centPrecision', 'highPrecision'] },
      currencyCode: { type: 'string' },
      centAmount: { type: 'integer' },
      preciseAmount: { type: 'integer' },
      fractionDigits: { type: 'integer' },
    },
    additionalProperties: false,
  },
};

const formats: Record<string, string> = { datetime: 'date-time', 'date-only': 'date' };

export function createSchemas({ schemas }: Spec): Schemas {
  const shapes = new Map<string, Shape>();
  const subtypes = new Map<string, string[]>();
  for (const [name, schema] of Object.entries(schemas)) {
    for (const part of partsOf(schema)) {
      const base = referredName(part);
      if (base !== undefined) subtypes.set(base, [...(subtypes.get(base) ?? []), name]);
    }
  }

  function shapeOf(name: string): Shape {
    const known = shapes.get(name);
    if (known !== undefined) return known;
    const shape: Shape = { properties: {}, required: new Set(), open: false, discriminator: undefined };
    shapes.set(name, shape);
    for (const part of partsOf(schemas[name] ?? {})) {
      const base = referredName(part);
      const { properties, required, open } = base === undefined ? ownShape(part) : shapeOf(base);
      Object.assign(shape.properties, properties);
      for (const property of required) shape.required.add(property);
      shape.open ||= open;
      if (base === undefined && part.discriminator !== undefined) {
        shape.discriminator = discriminatorOf.parse(part.discriminator);
      }
    }
    return shape;
  }

  /** A reference to a name: its own object, or one of those that extend it. */
  function definition(name: string): Schema {
    const correction = corrections[name];
    if (correction !== undefined) return correction;
    const schema = schemas[name] ?? {};
    if (schema.allOf === undefined && schema.properties === undefined && schema.discriminator === undefined) {
      return convert(schema);
    }
    const { discriminator } = shapeOf(name);
    const own = { $ref: `#/definitions/own:${name}` };
    if (discriminator === undefined) {
      const extended = (subtypes.get(name) ?? []).map((subtype) => ({ $ref: `#/definitions/${subtype}` }));
      return extended.length === 0 ? own : { anyOf: [own, ...extended] };
    }
    const { propertyName, mapping } = discriminator;
    const branches = Object.entries(mapping).map(([tag, reference]) => ({
      if: { properties: { [propertyName]: { const: tag } } },
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
      then: { $ref: `#/definitions/${reference.split('/').at(-1)}` },
    }));
    const known = { properties: { [propertyName]: { enum: Object.keys(mapping) } } };
    return {
      type: 'object',
      if: { required: [propertyName] },
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
      then: { ...known, allOf: branches },
      else: own,
    };
  }

  function ownDefinition(name: string): Schema {
    const { properties, required, open } = shapeOf(name);
    const converted = Object.entries(properties).map(([property, schema]) => [property, convert(schema)]);
    return {
      type: 'object',
      properties: Object.fromEntries(converted),
      required: [...required],
      additionalProperties: open,
    };
  }

  function fieldsOf(name: string, seen: readonly string[]): Fields {
    if (seen.includes(name) || name in corrections) return name === 'Money' ? moneyFields : 'any';
    const schema = schemas[name] ?? {};
    if (schema.type === 'string' || schema.enum !== undefined) return 'value';
    const family = [name, ...descendants(name)].map(shapeOf);
    const properties = Object.assign({}, ...family.map((shape) => shape.properties));
    if (family.some(({ open }) => open) || Object.keys(properties).length === 0) return 'any';
    // Queries do not look into what a reference points to.
    const { obj: _, ...queryable } = anything.parse(properties);
    const entries = Object.entries(queryable).map(
      ([property, inner]) => [property, fieldsOfSchema(anything.parse(inner), [...seen, name])] as const,
    );
    return Object.fromEntries(entries);
  }

  function fieldsOfSchema(schema: Schema, seen: readonly string[]): Fields {
    const name = referredName(schema);
    if (name !== undefined) return fieldsOf(name, seen);
    if (schema.type === 'array') return fieldsOfSchema(anything.parse(schema.items ?? {}), seen);
    return schema.type === undefined || schema.type === 'object' ? 'any' : 'value';
  }

  function descendants(name: string): string[] {
    return (subtypes.get(name) ?? []).flatMap((subtype) => [subtype, ...descendants(subtype)]);
  }

  const definitions = Object.keys(schemas).flatMap((name) => [
    [name, definition(name)],
    [`own:${name}`, ownDefinition(name)],
  ]);
  return {
    definitions: { $id: definitionsId, definitions: Object.fromEntries(definitions) },
    bodySchema(schema) {
      const name = referredName(schema);
      return name === undefined ? convert(schema) : { $ref: `${definitionsId}#/definitions/${name}` };
    },
    fieldsOf: (name) => fieldsOf(name, []),
  };
}

const moneyFields: Fields = Object.fromEntries(
  ['type', 'currencyCode', 'centAmount', 'preciseAmount', 'fractionDigits'].map((name) => [name, 'value' as const]),
);

function partsOf(schema: Schema): Schema[] {
  return schema.allOf === undefined ? [schema] : z.array(anything).parse(schema.allOf);
}

function ownShape(schema: Schema): Omit<Shape, 'discriminator'> {
  const properties = z.record(z.string(), anything).parse(schema.properties ?? {});
  const required = z.array(z.string()).parse(schema.required ?? []);
  return {
    properties,
    // Patterns of names stand in `required` too.
    required: new Set(required.filter((name) => !name.startsWith('/'))),
    open: schema.additionalProperties !== undefined && schema.additionalProperties !== false,
  };
}

/** The schema of a property: references to definitions, formats by their JSON Schema names. */
function convert(schema: Schema): Schema {
  const name = referredName(schema);
  if (name !== undefined) return { $ref: `#/definitions/${name}` };
  const { type, items, enum: values, format, additionalProperties } = schema;
  if (type === 'array') return { type, items: convert(anything.parse(items ?? {})) };
  if (type === 'object') {
    return additionalProperties === undefined
      ? { type }
      : {
          type,
          additionalProperties:
            typeof additionalProperties === 'object' ? convert(anything.parse(additionalProperties)) : true,
        };
  }
  if (values !== undefined) return { enum: values };
  if (type === undefined) return {};
  const known = typeof format === 'string' ? formats[format] : undefined;
  return known === undefined ? { type } : { type, format: known };
}
