/** One holder at a time for each key, in the order of asking. */

export interface Locks {
  /** Runs the job when nobody before it holds or waits for the key. */
  hold<T>(key: string, job: () => Promise<T>): Promise<T>;
}

export function createLocks(): Locks {
  const tails = new Map<string, Promise<unknown>>();
  return {
    async hold(key, job) {
      const before = tails.get(key) ?? Promise.resolve();
      const mine = before.then(job, job);
      const settled = mine.catch(() => undefined);
      tails.set(key, settled);
      try {
        return await mine;
      } finally {
        if (tails.get(key) === settled) tails.delete(key);
      }
    },
  };
}
