/** One holder at a time for each key, in the order of asking. */

export interface Locks {
  /** Runs the job when nobody before it holds or waits for the key; at once where nobody does. */
  hold<T>(key: string, job: () => Promise<T>): Promise<T>;
}

export function createLocks(): Locks {
  const tails = new Map<string, Promise<unknown>>();
  return {
    hold(key, job) {
      const before = tails.get(key);
      const mine = before ? before.then(job) : job();
      // Whoever waits behind does not care how it ended.
      const tail = mine.then(ended, ended);
      tails.set(key, tail);
      void tail.then(() => {
        if (tails.get(key) === tail) tails.delete(key);
      });
      return mine;
    },
  };
}

function ended(): void {}
