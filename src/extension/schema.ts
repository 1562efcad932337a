/** Validates a ctk.config.ts at the start of the service. Reports all errors at once, each with a fix. */
import { closest } from 'fastest-levenshtein';
import { z } from 'zod';
import type { ResourceTypeId } from '../commercetools/message-types.ts';
import { type CustomRule, type FactsResource, type Hooks, hookNames, type NeedsByResource } from './types.ts';

const isFunction = (value: unknown) => typeof value === 'function';
const code = 'must be a function';

const hooksSchema = z.strictObject({
  event: z.custom<NonNullable<Hooks['event']>>(isFunction, code).exactOptional(),
  profile: z.custom<NonNullable<Hooks['profile']>>(isFunction, code).exactOptional(),
  item: z.custom<NonNullable<Hooks['item']>>(isFunction, code).exactOptional(),
  variant: z.custom<NonNullable<Hooks['variant']>>(isFunction, code).exactOptional(),
  category: z.custom<NonNullable<Hooks['category']>>(isFunction, code).exactOptional(),
});

const relatedResources: Record<FactsResource, readonly ResourceTypeId[]> = {
  customer: [],
  order: ['payment'],
  product: ['standalone-price'],
  category: [],
};

const messageType = z.string().regex(/^[A-Z][A-Za-z]+$/, 'must be a message type such as DeliveryAdded');

interface RuleShape<Name extends FactsResource, Bulk extends string> {
  facts: Name;
  bulk: Bulk;
  needs: readonly NeedsByResource[Name][];
}

function customRule<Name extends FactsResource, Bulk extends string>({ facts, bulk, needs }: RuleShape<Name, Bulk>) {
  const resources: readonly ResourceTypeId[] = [facts, ...relatedResources[facts]];
  return z.strictObject({
    name: z.string().regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, 'must be in kebab-case, such as estimated-delivery'),
    summary: z.string().exactOptional(),
    sends: z.string().exactOptional(),
    facts: z.literal(facts),
    triggers: z.array(
      z.union([messageType, z.strictObject({ resource: z.enum(resources), type: messageType })], {
        error: `must be a message type such as DeliveryAdded, or { resource, type } with resource ${resources.join(' or ')}`,
      }),
    ),
    bulk: z.literal(bulk, `must be ${bulk}: its facts are those of one ${facts}`).exactOptional(),
    needs: z.array(z.enum(needs)).exactOptional(),
    map: z.custom<CustomRule<Name>['map']>(isFunction, code),
  });
}

const rulesSchema = z.array(
  z
    .discriminatedUnion(
      'facts',
      [
        customRule({ facts: 'customer', bulk: 'customers', needs: [] }),
        customRule({ facts: 'order', bulk: 'orders', needs: ['payments', 'discountCodes'] }),
        customRule({ facts: 'product', bulk: 'products', needs: [] }),
        customRule({ facts: 'category', bulk: 'categories', needs: [] }),
      ],
      { error: 'must be customer, order, product or category' },
    )
    .refine(({ triggers, bulk }) => triggers.length > 0 || bulk !== undefined, {
      error: 'never runs: name message types in triggers, or a bulk resource',
    }),
);

export const merchantConfigSchema = z.strictObject({
  hooks: hooksSchema.default({}),
  rules: rulesSchema.default([]),
});

function namesAt([first]: readonly PropertyKey[]): readonly string[] {
  if (first === 'hooks') return hookNames;
  return first === 'rules'
    ? ['name', 'summary', 'sends', 'facts', 'triggers', 'bulk', 'needs', 'map']
    : ['hooks', 'rules'];
}

/** Returns a line for each error, such as `hooks.evnt is unknown; did you mean event?` */
export function errorLines(error: z.ZodError): string[] {
  return error.issues.flatMap((issue) => {
    const at = pathText(issue.path);
    if (issue.code !== 'unrecognized_keys') return [`${at} ${messageOf(issue)}`.trim()];
    return issue.keys.map((key) => {
      const path = pathText([...issue.path, key]);
      return `${path} is unknown; did you mean ${closest(key, [...namesAt(issue.path)])}?`;
    });
  });
}

function messageOf(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type' && issue.input === undefined) return 'is missing';
  if (issue.code === 'invalid_type') return `must be ${issue.expected}`;
  return issue.message;
}

export function pathText(path: readonly PropertyKey[]): string {
  return path
    .map((part, index) => (typeof part === 'number' ? `[${part}]` : `${index ? '.' : ''}${String(part)}`))
    .join('');
}
