/** What the stock rule may look at: all inventory entries of the sku whose entry changed. */
import type { Message } from '../../commercetools/messages.ts';
import { type InventoryEntry, inventoryEntrySchema } from '../../commercetools/schemas.ts';
import { type Cause, type FactsKind, originOf, type Reading, type Roots } from '../types.ts';

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

export const stockFacts: FactsKind<StockRoot, StockFacts> = {
  typeId: 'inventory-entry',
  schema: inventoryEntrySchema.transform(rootOf),
  refOf: ({ entryId, version }) => ({
    typeId: 'inventory-entry',
    id: entryId,
    ...(version === undefined ? {} : { version }),
  }),
  fromMessage,
  async gather({ sku, entryId }, { look, cause, at }) {
    return { sku, changedEntryId: entryId, entries: await look.inventoryOfSku(sku), cause, at };
  },
};

async function fromMessage(message: Message, { look, cause }: Omit<Reading, 'needs'>): Promise<Roots<StockRoot>> {
  const { id } = message.resource;
  const origin = originOf(cause);
  // A deleted entry can't be read any more; its message names the sku.
  if (origin.kind === 'message' && origin.sku !== undefined) return { roots: [{ entryId: id, sku: origin.sku }] };
  const entry = await look.inventoryEntry(id);
  return entry ? { roots: [rootOf(entry)] } : { skip: 'the inventory entry is gone' };
}

function rootOf({ id, sku, version }: InventoryEntry): StockRoot {
  return { entryId: id, sku, version };
}
