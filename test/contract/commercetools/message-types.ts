// Message types in the OpenAPI description: schemas whose name ends in `Message`.
import { referredName, type Schema, type Spec } from './openapi.ts';

/** Tells whether a message type exists and can be about a resource such as `standalone-price`. */
export type IsMessageType = (type: string, resourceTypeId: string) => boolean;

// The description does not say which resource a message is about. Its name does, with two exceptions.
const namedDifferently: Record<string, RegExp> = { 'product-tailoring': /^ProductVariantTailoring/ };

export function messageTypesIn({ schemas }: Spec): { types: string[]; isMessageType: IsMessageType } {
  const extended = (schema: Schema) => (Array.isArray(schema.allOf) ? schema.allOf.map(referredName) : []);
  const types = Object.keys(schemas)
    .filter((name) => /.Message$/.test(name) && extended(schemas[name] ?? {}).length > 0)
    // These two are what the messages of a resource have in common.
    .filter((name) => name !== 'OrderMessage' && name !== 'ShoppingListMessage')
    .map((name) => name.slice(0, -'Message'.length));
  const all = new Set(types);
  return {
    types,
    isMessageType(type, resourceTypeId) {
      const prefix = resourceTypeId
        .split('-')
        .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
        .join('');
      const isOfOrder = extended(schemas[`${type}Message`] ?? {}).includes('OrderMessage');
      const isNamed = type.startsWith(prefix) || namedDifferently[resourceTypeId]?.test(type) === true;
      return all.has(type) && (resourceTypeId === 'order' ? isOfOrder || isNamed : isNamed && !isOfOrder);
    },
  };
}
