/** Names of records that custom fields refer to. */
import { z } from 'zod';
import type { LocalizedString } from '../schema-fields.ts';

/** Path of the resources that have a name, by type id. People are not among them. */
export const namedResources: Readonly<Record<string, string>> = {
  'cart-discount': 'cart-discounts',
  category: 'categories',
  channel: 'channels',
  'customer-group': 'customer-groups',
  'discount-code': 'discount-codes',
  product: 'products',
  'product-discount': 'product-discounts',
  'product-type': 'product-types',
  'shipping-method': 'shipping-methods',
  state: 'states',
  store: 'stores',
  'tax-category': 'tax-categories',
  type: 'types',
  zone: 'zones',
};

const name = z
  .union([z.string(), z.record(z.string(), z.string())])
  .optional()
  .catch(undefined);

export const namedSchema = z.looseObject({
  id: z.string(),
  key: z.string().optional(),
  name,
  masterData: z.looseObject({ current: z.looseObject({ name }) }).optional(),
});
type Named = z.infer<typeof namedSchema>;

/** Returns the name of a record, of a product the published one, else the key. */
export function nameIn(record: Named | undefined): string | LocalizedString | undefined {
  return record?.masterData?.current.name ?? record?.name ?? record?.key;
}
