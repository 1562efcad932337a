/** In-memory records by type and id, indexed by identifying fields. */
import { type ApiRecord, textField } from './json.ts';

const INDEXED = ['key', 'sku', 'orderNumber', 'email'] as const;
type Indexed = (typeof INDEXED)[number];

/** A state of a record, and when queries begin to show it (monotonic milliseconds). */
interface QueryState {
  readonly record: ApiRecord | undefined;
  readonly visibleAt: number;
}

interface RecordTable {
  readonly records: Map<string, ApiRecord>;
  /** Ids of all records that exist or existed. */
  readonly everHad: Set<string>;
  /** States, oldest first, of the records whose latest write does not show in queries yet. */
  readonly lagging: Map<string, QueryState[]>;
  readonly indexes: Record<Indexed, Map<string, Set<string>>>;
  sorted: readonly ApiRecord[] | undefined;
}

function emptyTable(): RecordTable {
  return {
    records: new Map(),
    everHad: new Set(),
    lagging: new Map(),
    indexes: { key: new Map(), sku: new Map(), orderNumber: new Map(), email: new Map() },
    sorted: undefined,
  };
}

export class Records {
  readonly #tables = new Map<string, RecordTable>();
  readonly #queryLagMs: number;

  constructor({ queryLagMs = 0 }: { queryLagMs?: number } = {}) {
    this.#queryLagMs = queryLagMs;
  }

  get(typeId: string, id: string): ApiRecord | undefined {
    return this.#tables.get(typeId)?.records.get(id);
  }

  /** Stores a record. Queries show it after the lag. */
  put(typeId: string, record: ApiRecord): void {
    this.#lag(this.#table(typeId), record.id, record);
    this.place(typeId, record);
  }

  /** Stores a record that queries show at once. */
  place(typeId: string, record: ApiRecord): void {
    const table = this.#table(typeId);
    this.#unindex(table, record.id);
    table.records.set(record.id, record);
    table.everHad.add(record.id);
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
    this.#lag(table, id, undefined);
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

  /** Returns the records of a type as queries show them, in id order. */
  queryable(typeId: string): readonly ApiRecord[] {
    const table = this.#table(typeId);
    if (table.lagging.size === 0) return this.all(typeId);
    const shown = new Map(table.records);
    const now = performance.now();
    for (const [id, states] of table.lagging) {
      const visible = states.findLast(({ visibleAt }) => visibleAt <= now);
      if (visible === states.at(-1)) table.lagging.delete(id);
      else if (visible?.record === undefined) shown.delete(id);
      else shown.set(id, visible.record);
    }
    return [...shown.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** Whether a record has or had this id. */
  everHad(typeId: string, id: unknown): boolean {
    const stored = typeId === 'product-projection' ? 'product' : typeId;
    return typeof id === 'string' && this.#table(stored).everHad.has(id);
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

  #lag(table: RecordTable, id: string, record: ApiRecord | undefined): void {
    if (this.#queryLagMs === 0) return;
    const states = table.lagging.get(id) ?? [{ record: table.records.get(id), visibleAt: 0 }];
    table.lagging.set(id, [...states, { record, visibleAt: performance.now() + this.#queryLagMs }]);
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
