/** Counting semaphore with an abortable `acquire`. */

export interface Semaphore {
  /**
   * Resolves with a function that releases the permit; calling it again has no effect. Rejects with the signal's reason
   * when the signal is aborted first.
   */
  acquire(signal: AbortSignal): Promise<() => void>;
}

/** @param maxPermits permits that can be held at the same time; waiting callers get theirs in call order */
export function createSemaphore(maxPermits: number): Semaphore {
  const waiting = new Set<() => void>();
  let free = maxPermits;

  function wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const grant = () => {
        signal.removeEventListener('abort', abort);
        waiting.delete(grant);
        resolve();
      };
      const abort = () => {
        waiting.delete(grant);
        reject(signal.reason);
      };
      waiting.add(grant);
      signal.addEventListener('abort', abort, { once: true });
    });
  }

  return {
    async acquire(signal) {
      signal.throwIfAborted();
      if (free > 0) free -= 1;
      else await wait(signal);
      let released = false;
      return () => {
        if (released) return;
        released = true;
        const [grantNext] = waiting;
        if (grantNext) grantNext();
        else free += 1;
      };
    },
  };
}
