/** Mutual exclusion per key: jobs with the same key run one after the other, in call order. */

export interface KeyedMutex {
  /** Runs the job when all earlier jobs of the key have ended; synchronously when there are none. */
  runExclusive<T>(key: string, job: () => Promise<T>): Promise<T>;
}

export function createKeyedMutex(): KeyedMutex {
  /**
   * Waiting jobs by locked key; undefined while none waits. Hundreds of thousands of keys are locked without a waiting
   * job, so no queue is allocated for those.
   */
  const queues = new Map<string, (() => void)[] | undefined>();

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
    runExclusive<T>(key: string, job: () => Promise<T>) {
      if (!queues.has(key)) {
        queues.set(key, undefined);
        return run(key, job);
      }
      const queue = queues.get(key) ?? [];
      queues.set(key, queue);
      return new Promise<void>((resolve) => queue.push(resolve)).then(() => run(key, job));
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
