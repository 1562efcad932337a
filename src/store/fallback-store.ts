/** Switches to memory as soon as the store rejects the client's credentials. */
import { createMemoryStore } from './memory.ts';
import { type Store, StoreError } from './store.ts';

/** @param onFallback called once, with the reason */
export function createFallbackStore(store: Store, onFallback: (reason: string) => void): Store {
  const memory = createMemoryStore();
  let active = store;

  function fallBack(thrown: unknown): void {
    if (!(thrown instanceof StoreError) || thrown.type !== 'forbidden') throw thrown;
    if (active === memory) return;
    active = memory;
    onFallback(thrown.message);
  }

  async function withFallback<T>(call: (target: Store) => Promise<T>): Promise<T> {
    try {
      return await call(active);
    } catch (thrown) {
      fallBack(thrown);
      return call(memory);
    }
  }

  return {
    get: (at) => withFallback((target) => target.get(at)),
    put: (at, value, version) => withFallback((target) => target.put(at, value, version)),
    async *list(container, after) {
      try {
        yield* active.list(container, after);
      } catch (thrown) {
        // Missing access shows on the first page, before any record was yielded.
        fallBack(thrown);
        yield* memory.list(container, after);
      }
    },
    remove: (at, version) => withFallback((target) => target.remove(at, version)),
  };
}
