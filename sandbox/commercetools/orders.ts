/** Side effects of order creation that the engine lacks: closes the cart and takes the stock. */
import type { Change } from './changes.ts';
import { type ApiRecord, at, field, isObject, type JsonObject, listField, numberField, textField } from './json.ts';
import type { Records } from './records.ts';

interface CreatedOrder {
  readonly order: ApiRecord & JsonObject;
  readonly records: Records;
  /** Stores the new state of a record, and notifies. */
  readonly writes: {
    store(change: Change): Promise<unknown>;
    /** Runs a change after a delay. */
    delay(ms: number, change: () => Promise<void>): Promise<void>;
  };
  readonly stockDelayMs: number;
}

/** Marks the order's cart as ordered, and takes the stock if the cart tracks inventory. */
export async function afterOrderCreated(created: CreatedOrder): Promise<void> {
  const { order, records, writes, stockDelayMs } = created;
  const cart = records.get('cart', textField(field(order, 'cart'), 'id') ?? '');
  if (!isObject(cart)) return;
  const now = new Date().toISOString();
  const closed = { ...cart, id: cart.id, version: cart.version + 1, createdAt: cart.createdAt, lastModifiedAt: now };
  await writes.store({ typeId: 'cart', before: cart, after: { ...closed, ...{ cartState: 'Ordered' } } });
  if (tracksStock(cart)) await writes.delay(stockDelayMs, () => takeStock(created));
}

function tracksStock(cart: unknown): boolean {
  return ['TrackOnly', 'ReserveOnOrder'].includes(textField(cart, 'inventoryMode') ?? 'None');
}

/**
 * Lowers the available quantity. The quantity on stock changes on shipment. Only a ResourceUpdated notification is
 * sent.
 */
async function takeStock({ order, records, writes }: CreatedOrder): Promise<void> {
  for (const line of listField(order, 'lineItems')) {
    const sku = textField(at(line, 'variant'), 'sku') ?? '';
    const channel = textField(field(line, 'supplyChannel'), 'id');
    const entries = records.findBy('inventory-entry', 'sku', sku);
    const entry = entries.find((candidate) => textField(field(candidate, 'supplyChannel'), 'id') === channel);
    if (entry === undefined) continue;
    const availableQuantity = (numberField(entry, 'availableQuantity') ?? 0) - (numberField(line, 'quantity') ?? 0);
    const after = { ...entry, version: entry.version + 1, lastModifiedAt: new Date().toISOString(), availableQuantity };
    await writes.store({ typeId: 'inventory-entry', before: entry, after, cause: 'stock-taken' });
  }
}
