/** What the API shows: every record by type and id, with look-ups by the fields that identify one. */
import { type ApiRecord, textField } from './json.ts';

const INDEXED = ['key', 'sku', 'orderNumber', 'email'] as const;
type Indexed = (typeof INDEXED)[number];

interface Shelf {
  readonly records: Map<string, ApiRecord>;
  readonly indexes: Record<Indexed, Map<string, Set<string>>>;
  sorted: readonly ApiRecord[] | undefined;
}

function emptyShelf(): Shelf {
  return {
    records: new Map(),
    indexes: { key: new Map(), sku: new Map(), orderNumber: new Map(), email: new Map() },
    sorted: undefined,
  };
}

export class Records {
  readonly #shelves = new Map<string, Shelf>();

  get(typeId: string, id: string): ApiRecord | undefined {
    return this.#shelves.get(typeId)?.records.get(id);
  }

  put(typeId: string, record: ApiRecord): void {
    const shelf = this.#shelf(typeId);
    this.#unindex(shelf, record.id);
    shelf.records.set(record.id, record);
    shelf.sorted = undefined;
    for (const name of INDEXED) {
      const value = textField(record, name);
      if (value === undefined) continue;
      const ids = shelf.indexes[name].get(value) ?? new Set();
      shelf.indexes[name].set(value, ids.add(record.id));
    }
  }

  remove(typeId: string, id: string): void {
    const shelf = this.#shelf(typeId);
    this.#unindex(shelf, id);
    shelf.records.delete(id);
    shelf.sorted = undefined;
  }

  /** All records of a type in id order, so that paging by id is stable. */
  all(typeId: string): readonly ApiRecord[] {
    const shelf = this.#shelf(typeId);
    shelf.sorted ??= [...shelf.records.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
    return shelf.sorted;
  }

  /** The records whose indexed field has this value. */
  having(typeId: string, name: Indexed, value: string): readonly ApiRecord[] {
    const shelf = this.#shelf(typeId);
    const ids = shelf.indexes[name].get(value) ?? [];
    return [...ids].flatMap((id) => shelf.records.get(id) ?? []);
  }

  count(typeId: string): number {
    return this.#shelves.get(typeId)?.records.size ?? 0;
  }

  counts(): Record<string, number> {
    return Object.fromEntries([...this.#shelves].map(([typeId, shelf]) => [typeId, shelf.records.size]));
  }

  clear(): void {
    this.#shelves.clear();
  }

  #shelf(typeId: string): Shelf {
    const found = this.#shelves.get(typeId) ?? emptyShelf();
    this.#shelves.set(typeId, found);
    return found;
  }

  #unindex(shelf: Shelf, id: string): void {
    const old = shelf.records.get(id);
    if (old === undefined) return;
    for (const name of INDEXED) {
      const value = textField(old, name);
      if (value !== undefined) shelf.indexes[name].get(value)?.delete(id);
    }
  }
}
