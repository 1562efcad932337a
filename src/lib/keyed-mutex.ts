/** Mutual exclusion per key: jobs with the same key run one after the other, in call order. */

export type KeyedMutex = ReturnType<typeof createKeyedMutex>;

export function createKeyedMutex() {
  /** Waiting jobs by locked key. */
  const queues = new Map<string, (() => void)[]>();

  function unlock(key: string): void {
    const startNext = queues.get(key)?.shift();
    if (startNext) startNext();
    else queues.delete(key);
  }

  function run<T>(key: string, job: () => Promise<T>): Promise<T> {
    const result = start(job);
    const unlockKey = () => unlock(key);
    // A rejection reaches the caller through `result`; it does not stop the next job.
    result.then(unlockKey, unlockKey);
    return result;
  }

  return {
    /** Runs the job when all earlier jobs of the key have ended; synchronously when there are none. */
    runExclusive<T>(key: string, job: () => Promise<T>): Promise<T> {
      const queue = queues.get(key);
      if (queue) return new Promise<void>((resolve) => queue.push(resolve)).then(() => run(key, job));
      queues.set(key, []);
      return run(key, job);
    },
  };
}

/** Turns a synchronous exception into a rejection, so that the key is unlocked as well. */
function start<T>(job: () => Promise<T>): Promise<T> {
  try {
    return job();
  } catch (thrown) {
    return Promise.reject(thrown);
  }
}
