/** One holder at a time for each key, in the order of asking. */

export interface KeyedMutex {
  /** Runs the job when nobody before it holds or waits for the key; at once where nobody does. */
  runExclusive<T>(key: string, job: () => Promise<T>): Promise<T>;
}

export function createKeyedMutex(): KeyedMutex {
  /** By key that is held: who waits for it. Hundreds of thousands are held by nobody else, so that is what costs least. */
  const held = new Map<string, (() => void)[] | undefined>();

  function release(key: string): void {
    const next = held.get(key)?.shift();
    if (next) next();
    else held.delete(key);
  }

  function run<T>(key: string, job: () => Promise<T>): Promise<T> {
    const over = () => release(key);
    const mine = begin(job);
    // Whoever waits behind does not care how it ended.
    mine.then(over, over);
    return mine;
  }

  return {
    runExclusive<T>(key: string, job: () => Promise<T>) {
      if (!held.has(key)) {
        held.set(key, undefined);
        return run(key, job);
      }
      const waiting = held.get(key) ?? [];
      held.set(key, waiting);
      return new Promise<void>((free) => waiting.push(free)).then(() => run(key, job));
    },
  };
}

/** A job that throws before it returns a promise has to free its key as well. */
function begin<T>(job: () => Promise<T>): Promise<T> {
  try {
    return job();
  } catch (thrown) {
    return Promise.reject(thrown);
  }
}
