/** A store that lasts as long as its process: for tests, and where there is nothing to be remembered in. */
import { checkKey, checkSize, type Store, type StoreKey, type Versioned } from './store.ts';

export function createMemoryStore(): Store {
  const containers = new Map<string, Map<string, Versioned>>();

  function containerOf(at: StoreKey): Map<string, Versioned> {
    checkKey(at);
    const records = containers.get(at.container) ?? new Map<string, Versioned>();
    containers.set(at.container, records);
    return records;
  }

  return {
    async get(at) {
      const found = containerOf(at).get(at.key);
      return found && structuredClone(found);
    },
    async put(at, value, version) {
      const records = containerOf(at);
      const text = JSON.stringify(value);
      checkSize(at, text);
      const now = records.get(at.key);
      if (version === 'absent' ? now !== undefined : version !== undefined && now?.version !== version) return 'stale';
      const next = (now?.version ?? 0) + 1;
      records.set(at.key, { key: at.key, value: JSON.parse(text, withoutNulls), version: next });
      return next;
    },
    async *list(container, after) {
      const keys = [...(containers.get(container)?.keys() ?? [])].sort();
      for (const key of keys) {
        const found = containers.get(container)?.get(key);
        if (found && (after === undefined || key > after)) yield structuredClone(found);
      }
    },
    async remove(at, version) {
      const records = containerOf(at);
      const now = records.get(at.key);
      if (version !== undefined && now !== undefined && now.version !== version) return 'stale';
      records.delete(at.key);
      return 'ok';
    },
  };
}

/** Of objects only: a list keeps its length. */
function withoutNulls(this: unknown, _name: string, value: unknown): unknown {
  return value === null && !Array.isArray(this) ? undefined : value;
}
