/** Facts of the stock rule: all inventory entries of the sku whose entry changed. */
import type { Message } from '../../commercetools/messages.ts';
import { type InventoryEntry, inventoryEntrySchema } from '../../commercetools/schemas.ts';
import { omitUndefined } from '../../lib/omit-undefined.ts';
import type { ConfiguredChannel } from '../fields/availability.ts';
import {
  type Cause,
  changedRecordOf,
  type FactsLoader,
  messageCauseOf,
  minVersionOf,
  type RuleContext,
  type Subjects,
} from '../types.ts';
import { configuredChannels } from './configured-channels.ts';

export interface StockSubject {
  entryId: string;
  sku: string;
  version?: number;
}

export interface StockFacts {
  sku: string;
  changedEntryId: string;
  /** `undefined` without the scope to read them. */
  entries: readonly InventoryEntry[] | undefined;
  /** The channels of `product.inventory.useChannelInventory`. */
  channels: readonly ConfiguredChannel[];
  cause: Cause;
  at: Date;
}

export const stockFacts: FactsLoader<StockSubject, StockFacts> = {
  typeId: 'inventory-entry',
  schema: inventoryEntrySchema.transform(subjectOf),
  refOf: ({ entryId: id, version }) => omitUndefined({ typeId: 'inventory-entry', id, version }),
  fromMessage,
  async load({ sku, entryId }, { lookups, cause, at, settings }) {
    const [entries, channels] = await Promise.all([
      lookups.inventoryOfSku(sku, changedRecordOf(cause, 'inventory-entry')),
      configuredChannels(settings, lookups),
    ]);
    return { sku, changedEntryId: entryId, entries, channels, cause, at };
  },
};

async function fromMessage(message: Message, { lookups, cause }: RuleContext): Promise<Subjects<StockSubject>> {
  const { id } = message.resource;
  const sku = messageCauseOf(cause)?.sku;
  // A deleted entry can't be read. Its message names the sku.
  if (sku !== undefined) return { subjects: [{ entryId: id, sku }] };
  const entry = await lookups.inventoryEntry(id, minVersionOf(cause, message.resource));
  return entry ? { subjects: [subjectOf(entry)] } : { skip: 'the inventory entry no longer exists' };
}

function subjectOf({ id, sku, version }: InventoryEntry): StockSubject {
  return { entryId: id, sku, version };
}
