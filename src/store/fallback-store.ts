/** Goes on in memory from the moment in which the store turns out to be forbidden to this client. */
import { createMemoryStore } from './memory.ts';
import { type Store, StoreFailure } from './store.ts';

/** @param onFallBack called once, with why */
export function createFallBackStore(store: Store, onFallBack: (reason: string) => void): Store {
  const memory = createMemoryStore();
  let used = store;

  function fallBack(thrown: unknown): void {
    if (!(thrown instanceof StoreFailure) || thrown.kind !== 'not-allowed') throw thrown;
    if (used === memory) return;
    used = memory;
    onFallBack(thrown.message);
  }

  async function tried<T>(act: (on: Store) => Promise<T>): Promise<T> {
    try {
      return await act(used);
    } catch (thrown) {
      fallBack(thrown);
      return act(memory);
    }
  }

  return {
    get: (at) => tried((on) => on.get(at)),
    put: (at, value, version) => tried((on) => on.put(at, value, version)),
    async *list(container, after) {
      try {
        yield* used.list(container, after);
      } catch (thrown) {
        // Forbidden shows at the first page, before anything was listed.
        fallBack(thrown);
        yield* memory.list(container, after);
      }
    },
    remove: (at, version) => tried((on) => on.remove(at, version)),
  };
}

/** Told once, with why. */
export function withoutLetters(reason: string): string {
  return `what Klaviyo refuses is answered 503 and comes again: no dead letters without manage_key_value_documents (${reason})`;
}

/** Told once, with why. */
export function withoutStore(reason: string): string {
  return `runs are held in memory and end with this process: the client lacks manage_key_value_documents (${reason})`;
}
