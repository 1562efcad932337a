/** Resolves an identifier of any kind, such as an order number or a sku, to records of commercetools. */
import { z } from 'zod';
import type { CommercetoolsClient } from '../../commercetools/client.ts';
import { CommercetoolsError } from '../../commercetools/errors.ts';
import { currentSku } from '../../commercetools/lookups/create.ts';
import type { Lookups } from '../../commercetools/lookups/types.ts';
import { isQueryable, queryByField } from '../../commercetools/pagination.ts';
import type { FindableType } from './schema.ts';

export interface ResolvedRecord {
  type: FindableType;
  id: string;
  version?: number | undefined;
  /** Such as "Order 1234". */
  name: string;
  /** As the API returned it. */
  record: unknown;
}

export interface Resolution {
  records: ResolvedRecord[];
  /** What could not be looked up. */
  notes: string[];
}

const identified = z.looseObject({
  id: z.string(),
  version: z.number().optional(),
  orderNumber: z.string().optional(),
  customerNumber: z.string().optional(),
  key: z.string().optional(),
  createdAt: z.string().default(''),
});

const paths = {
  order: 'orders',
  customer: 'customers',
  product: 'products',
  category: 'categories',
  cart: 'carts',
} as const;
const fields: Record<FindableType, readonly string[]> = {
  order: ['id', 'orderNumber'],
  customer: ['id', 'customerNumber'],
  product: ['id', 'key', currentSku],
  category: ['id', 'key'],
  cart: ['id', 'key'],
};
const nameFields = {
  order: 'orderNumber',
  customer: 'customerNumber',
  product: 'key',
  category: 'key',
  cart: 'key',
} as const;
const emailFields = { order: 'customerEmail', customer: 'email', cart: 'customerEmail' } as const;

export interface ResolveDeps {
  client: CommercetoolsClient;
  lookups: Pick<Lookups, 'customersWithEmail'>;
}

/**
 * @param types of the records to look for
 * @returns customers first, then the newest orders and carts. Rejects with a CommercetoolsError if commercetools can't answer
 */
export async function resolveText(
  { client, lookups }: ResolveDeps,
  text: string,
  types: readonly FindableType[],
): Promise<Resolution> {
  const notes: string[] = [];
  const found = new Map<string, ResolvedRecord & { createdAt: string }>();

  async function query(type: FindableType, field: string, values: readonly string[]): Promise<void> {
    try {
      for (const record of await queryByField(client, { path: paths[type], field, values }, () => undefined)) {
        const parsed = identified.safeParse(record).data;
        if (parsed) found.set(`${type}/${parsed.id}`, { ...described(type, parsed), record });
      }
    } catch (thrown) {
      if (!(thrown instanceof CommercetoolsError) || thrown.type !== 'forbidden') throw thrown;
      notes.push(`${paths[type]} can't be read: the API client lacks the scope`);
    }
  }

  if (!isQueryable(text)) return { records: [], notes: [] };
  if (text.includes('@')) {
    const spellings = [...new Set([text, text.toLowerCase()])];
    const withEmail = (['order', 'customer', 'cart'] as const).filter((type) => types.includes(type));
    await Promise.all(withEmail.map((type) => query(type, emailFields[type], spellings)));
    // Its spelling may be another one.
    const customers = await lookups.customersWithEmail(text).catch(() => []);
    const ids = customers.map(({ id }) => id).filter((id) => !found.has(`customer/${id}`));
    if (ids.length > 0) await query('customer', 'id', ids);
  } else {
    await Promise.all(types.flatMap((type) => fields[type].map((field) => query(type, field, [text]))));
  }
  return { records: [...found.values()].sort(byRelevance), notes: [...new Set(notes)] };
}

function described(type: FindableType, { id, version, createdAt, ...known }: z.infer<typeof identified>) {
  const name = `${type[0]?.toUpperCase()}${type.slice(1)} ${known[nameFields[type]] ?? id}`;
  return { type, id, version, name, createdAt };
}

const order: readonly FindableType[] = ['customer', 'order', 'cart', 'product', 'category'];

function byRelevance(left: ResolvedRecord & { createdAt: string }, right: typeof left): number {
  return order.indexOf(left.type) - order.indexOf(right.type) || (left.createdAt < right.createdAt ? 1 : -1);
}
