/** In-memory records by type and id, indexed by identifying fields. */
import { type ApiRecord, textField } from './json.ts';

const INDEXED = ['key', 'sku', 'orderNumber', 'email'] as const;
type Indexed = (typeof INDEXED)[number];

interface RecordTable {
  readonly records: Map<string, ApiRecord>;
  readonly indexes: Record<Indexed, Map<string, Set<string>>>;
  sorted: readonly ApiRecord[] | undefined;
}

function emptyTable(): RecordTable {
  return {
    records: new Map(),
    indexes: { key: new Map(), sku: new Map(), orderNumber: new Map(), email: new Map() },
    sorted: undefined,
  };
}

export class Records {
  readonly #tables = new Map<string, RecordTable>();

  get(typeId: string, id: string): ApiRecord | undefined {
    return this.#tables.get(typeId)?.records.get(id);
  }

  put(typeId: string, record: ApiRecord): void {
    const table = this.#table(typeId);
    this.#unindex(table, record.id);
    table.records.set(record.id, record);
    table.sorted = undefined;
    for (const name of INDEXED) {
      const value = textField(record, name);
      if (value === undefined) continue;
      const ids = table.indexes[name].get(value) ?? new Set();
      table.indexes[name].set(value, ids.add(record.id));
    }
  }

  remove(typeId: string, id: string): void {
    const table = this.#table(typeId);
    this.#unindex(table, id);
    table.records.delete(id);
    table.sorted = undefined;
  }

  /** Returns all records of a type in id order, so that keyset pagination is stable. */
  all(typeId: string): readonly ApiRecord[] {
    const table = this.#table(typeId);
    table.sorted ??= [...table.records.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
    return table.sorted;
  }

  /** Returns the records whose indexed field has this value. */
  findBy(typeId: string, name: Indexed, value: string): readonly ApiRecord[] {
    const table = this.#table(typeId);
    const ids = table.indexes[name].get(value) ?? [];
    return [...ids].flatMap((id) => table.records.get(id) ?? []);
  }

  count(typeId: string): number {
    return this.#tables.get(typeId)?.records.size ?? 0;
  }

  counts(): Record<string, number> {
    return Object.fromEntries([...this.#tables].map(([typeId, table]) => [typeId, table.records.size]));
  }

  clear(): void {
    this.#tables.clear();
  }

  #table(typeId: string): RecordTable {
    const found = this.#tables.get(typeId) ?? emptyTable();
    this.#tables.set(typeId, found);
    return found;
  }

  #unindex(table: RecordTable, id: string): void {
    const old = table.records.get(id);
    if (old === undefined) return;
    for (const name of INDEXED) {
      const value = textField(old, name);
      if (value !== undefined) table.indexes[name].get(value)?.delete(id);
    }
  }
}
