/** Keeps records in memory until the process ends: for tests, and where custom objects can't be used. */
import { checkKey, checkSize, type Store, type StoredRecord, type StoreKey } from './store.ts';

export function createMemoryStore(): Store {
  const containers = new Map<string, Map<string, StoredRecord>>();

  function containerOf(at: StoreKey): Map<string, StoredRecord> {
    checkKey(at);
    const records = containers.get(at.container) ?? new Map<string, StoredRecord>();
    containers.set(at.container, records);
    return records;
  }

  return {
    async get(at) {
      const record = containerOf(at).get(at.key);
      return record && structuredClone(record);
    },
    async put(at, value, version) {
      const records = containerOf(at);
      const text = JSON.stringify(value);
      checkSize(at, text);
      const current = records.get(at.key);
      if (version === 'absent' ? current !== undefined : version !== undefined && current?.version !== version)
        return 'stale';
      const next = (current?.version ?? 0) + 1;
      records.set(at.key, { key: at.key, value: JSON.parse(text, withoutNulls), version: next });
      return next;
    },
    async *list(container, after) {
      const keys = [...(containers.get(container)?.keys() ?? [])].sort();
      for (const key of keys) {
        const record = containers.get(container)?.get(key);
        if (record && (after === undefined || key > after)) yield structuredClone(record);
      }
    },
    async remove(at, version) {
      const records = containerOf(at);
      const current = records.get(at.key);
      if (version !== undefined && current !== undefined && current.version !== version) return 'stale';
      records.delete(at.key);
      return 'ok';
    },
  };
}

/** JSON reviver that removes null fields of objects, but keeps null elements of lists. */
function withoutNulls(this: unknown, _name: string, value: unknown): unknown {
  return value === null && !Array.isArray(this) ? undefined : value;
}
