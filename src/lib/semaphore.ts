/** So many at a time: who wants more waits for one that comes back. */

export interface Semaphore {
  /**
   * Resolves with what gives the permit back; calling that again does nothing. Rejects with the signal's reason when it is
   * aborted first: those who hold permits may never give them back once their work has ended early.
   */
  acquire(signal: AbortSignal): Promise<() => void>;
}

export function createSemaphore(most: number): Semaphore {
  const waiting = new Set<() => void>();
  let free = most;

  function wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const goOn = () => {
        signal.removeEventListener('abort', giveUp);
        waiting.delete(goOn);
        resolve();
      };
      const giveUp = () => {
        waiting.delete(goOn);
        reject(signal.reason);
      };
      waiting.add(goOn);
      signal.addEventListener('abort', giveUp, { once: true });
    });
  }

  return {
    async acquire(signal) {
      signal.throwIfAborted();
      if (free > 0) free -= 1;
      else await wait(signal);
      let given = false;
      return () => {
        if (given) return;
        given = true;
        const [next] = waiting;
        if (next) next();
        else free += 1;
      };
    },
  };
}
