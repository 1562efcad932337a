/**
 * The patience of the callers of one piece of work: it ends when the last of them has lost his. Asked often, so it holds
 * no listeners until somebody needs a signal: a run has one signal for all of its records.
 */

export interface Patience {
  /** Nobody waits any more, and the work has not been let go of. */
  readonly aborted: boolean;
  /** One more caller. */
  join(caller: AbortSignal): void;
  /** From now on nobody waits, and the work goes on to its end. */
  release(): void;
  /** The same, to hand on. */
  signal(): AbortSignal;
}

export function createPatience(first: AbortSignal): Patience {
  const callers = [first];
  let released = false;
  let ended: AbortController | undefined;
  const isOver = () => !released && callers.every((caller) => caller.aborted);

  function listen(caller: AbortSignal, { signal }: AbortController): void {
    caller.addEventListener('abort', check, { once: true, signal });
  }
  function check(): void {
    if (isOver()) ended?.abort();
  }

  return {
    get aborted() {
      return isOver();
    },
    join(caller) {
      if (callers.includes(caller)) return;
      callers.push(caller);
      if (ended) listen(caller, ended);
    },
    release() {
      released = true;
    },
    signal() {
      if (!ended) {
        ended = new AbortController();
        for (const caller of callers) listen(caller, ended);
        check();
      }
      return ended.signal;
    },
  };
}
