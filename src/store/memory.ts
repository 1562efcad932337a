/** A store that lasts as long as its process: for tests and the sandbox, and until there are custom objects. */
import type { Store, StoreKey, Versioned } from './store.ts';

const allowed = /^[-_~.a-zA-Z0-9]{1,256}$/;

export function createMemoryStore(): Store {
  const containers = new Map<string, Map<string, Versioned>>();

  function containerOf({ container, key }: StoreKey): Map<string, Versioned> {
    if (!allowed.test(container) || !allowed.test(key)) throw new Error(`not a store key: ${container}/${key}`);
    const records = containers.get(container) ?? new Map<string, Versioned>();
    containers.set(container, records);
    return records;
  }

  return {
    async get(at) {
      const found = containerOf(at).get(at.key);
      return found && structuredClone(found);
    },
    async put(at, value, version) {
      const records = containerOf(at);
      const now = records.get(at.key);
      if (version === 'absent' ? now !== undefined : version !== undefined && now?.version !== version) return 'stale';
      const next = (now?.version ?? 0) + 1;
      records.set(at.key, { key: at.key, value: structuredClone(value), version: next });
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
