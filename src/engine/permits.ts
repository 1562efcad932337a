/** So many at a time: who wants more waits for one that comes back. */

export interface Permits {
  /** Resolves with what gives the permit back; calling that again does nothing. */
  take(): Promise<() => void>;
}

export function createPermits(most: number): Permits {
  const waiting: (() => void)[] = [];
  let free = most;
  return {
    async take() {
      if (free > 0) free -= 1;
      else await new Promise<void>((resolve) => waiting.push(resolve));
      let given = false;
      return () => {
        if (given) return;
        given = true;
        const next = waiting.shift();
        if (next) next();
        else free += 1;
      };
    },
  };
}
