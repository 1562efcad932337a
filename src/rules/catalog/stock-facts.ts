/** What the stock rule may look at: all inventory entries of the sku whose entry changed. */
import type { Message } from '../../commercetools/messages.ts';
import { type InventoryEntry, inventoryEntrySchema } from '../../commercetools/schemas.ts';
import { type Cause, type EvaluationContext, type FactsLoader, originOf, type Subjects } from '../types.ts';

export interface StockRoot {
  entryId: string;
  sku: string;
  version?: number;
}

export interface StockFacts {
  sku: string;
  changedEntryId: string;
  /** `undefined` where the client may not read them. */
  entries: readonly InventoryEntry[] | undefined;
  cause: Cause;
  at: Date;
}

export const stockFacts: FactsLoader<StockRoot, StockFacts> = {
  typeId: 'inventory-entry',
  schema: inventoryEntrySchema.transform(rootOf),
  refOf: ({ entryId, version }) => ({
    typeId: 'inventory-entry',
    id: entryId,
    ...(version === undefined ? {} : { version }),
  }),
  fromMessage,
  async load({ sku, entryId }, { lookups, cause, at }) {
    return { sku, changedEntryId: entryId, entries: await lookups.inventoryOfSku(sku), cause, at };
  },
};

async function fromMessage(
  message: Message,
  { lookups, cause }: Omit<EvaluationContext, 'needs'>,
): Promise<Subjects<StockRoot>> {
  const { id } = message.resource;
  const origin = originOf(cause);
  // A deleted entry can't be read any more; its message names the sku.
  if (origin.type === 'message' && origin.sku !== undefined) return { subjects: [{ entryId: id, sku: origin.sku }] };
  const entry = await lookups.inventoryEntry(id);
  return entry ? { subjects: [rootOf(entry)] } : { skip: 'the inventory entry is gone' };
}

function rootOf({ id, sku, version }: InventoryEntry): StockRoot {
  return { entryId: id, sku, version };
}
