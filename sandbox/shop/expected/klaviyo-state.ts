/** Reads the state of the mock Klaviyo account through its inspection endpoints. */
import { z } from 'zod';

const event = z.object({
  metric: z.string(),
  time: z.string(),
  value: z.number().nullable(),
  value_currency: z.string().nullable(),
  unique_id: z.string().nullable(),
  profile: z.object({ email: z.string().nullable(), external_id: z.string().nullable() }),
  properties: z.record(z.string(), z.unknown()),
});
const profile = z.looseObject({
  external_id: z.string().optional(),
  email: z.string().optional(),
  phone_number: z.string().optional(),
  first_name: z.string().optional(),
  last_name: z.string().optional(),
  title: z.string().optional(),
  organization: z.string().optional(),
  location: z.record(z.string(), z.unknown()),
  properties: z.record(z.string(), z.unknown()),
});
const sellable = {
  external_id: z.string(),
  title: z.string(),
  url: z.string(),
  description: z.string(),
  price: z.number().nullable(),
  image_full_url: z.string().nullable(),
  published: z.boolean(),
};
const item = z.looseObject({
  id: z.string(),
  ...sellable,
  categories: z.array(z.string()),
  custom_metadata: z.record(z.string(), z.unknown()),
});
const variant = z.looseObject({
  ...sellable,
  sku: z.string(),
  item: z.string(),
  inventory_quantity: z.number(),
  inventory_policy: z.number(),
});
const category = z.looseObject({ id: z.string(), external_id: z.string(), name: z.string() });

export type KlaviyoProfile = z.infer<typeof profile>;

export interface KlaviyoState {
  readonly events: readonly z.infer<typeof event>[];
  readonly profiles: readonly KlaviyoProfile[];
  readonly items: readonly z.infer<typeof item>[];
  readonly variants: readonly z.infer<typeof variant>[];
  readonly categories: readonly z.infer<typeof category>[];
}

export async function readKlaviyo(url: string): Promise<KlaviyoState> {
  const read = async <T>(view: string, shape: z.ZodType<T>): Promise<T[]> => {
    const response = await fetch(new URL(`/sandbox/${view}`, url));
    if (!response.ok) throw new Error(`/sandbox/${view} answered ${response.status}`);
    return z.object({ data: z.array(shape) }).parse(await response.json()).data;
  };
  return {
    events: await read('events', event),
    profiles: await read('profiles', profile),
    items: await read('items', item),
    variants: await read('variants', variant),
    categories: await read('categories', category),
  };
}
