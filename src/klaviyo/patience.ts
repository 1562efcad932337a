/**
 * The patience of the callers of one piece of work: it ends when the last of them has lost his. There is one for each
 * change, so it is small, and holds no listeners until somebody needs a signal: a run has one signal for all records.
 */
export class Patience {
  readonly #callers: AbortSignal[];
  #released = false;
  #ended: AbortController | undefined;

  constructor(first: AbortSignal) {
    this.#callers = [first];
  }

  /** Nobody waits any more, and the work has not been let go of. */
  get aborted(): boolean {
    return !this.#released && this.#callers.every((caller) => caller.aborted);
  }

  /** One more caller. */
  join(caller: AbortSignal): void {
    if (this.#callers.includes(caller)) return;
    this.#callers.push(caller);
    if (this.#ended) this.#listen(caller, this.#ended);
  }

  /** From now on nobody waits. */
  release(): void {
    this.#released = true;
  }

  /** The same, to hand on. */
  signal(): AbortSignal {
    if (!this.#ended) {
      this.#ended = new AbortController();
      for (const caller of this.#callers) this.#listen(caller, this.#ended);
      if (this.aborted) this.#ended.abort();
    }
    return this.#ended.signal;
  }

  #listen(caller: AbortSignal, ended: AbortController): void {
    const check = () => {
      if (this.aborted) ended.abort();
    };
    caller.addEventListener('abort', check, { once: true, signal: ended.signal });
  }
}
