/**
 * The patience of the callers of one piece of work: it ends when the last of them has lost his. There is one for each
 * change, so it is small, and holds no listeners until somebody needs a signal: a run has one signal for all records.
 */
export class SharedSignal {
  readonly #callers: AbortSignal[];
  #released = false;
  #ended: AbortController | undefined;
  readonly #check = () => {
    if (this.aborted) this.#ended?.abort();
  };

  constructor(first: AbortSignal) {
    this.#callers = [first];
  }

  /** Nobody waits any more, and the work has not been let go of. */
  get aborted(): boolean {
    return !this.#released && this.#callers.every((caller) => caller.aborted);
  }

  /** One more caller. */
  add(caller: AbortSignal): void {
    if (this.#callers.includes(caller)) return;
    this.#callers.push(caller);
    if (this.#ended && !this.#released) this.#listen(caller, this.#ended);
  }

  /** From now on nobody waits, and no caller is listened to: some live as long as the process. */
  detach(): void {
    this.#released = true;
    for (const caller of this.#callers) caller.removeEventListener('abort', this.#check);
  }

  /** The same, to hand on. */
  signal(): AbortSignal {
    if (!this.#ended) {
      this.#ended = new AbortController();
      if (!this.#released) for (const caller of this.#callers) this.#listen(caller, this.#ended);
      this.#check();
    }
    return this.#ended.signal;
  }

  #listen(caller: AbortSignal, ended: AbortController): void {
    caller.addEventListener('abort', this.#check, { once: true, signal: ended.signal });
  }
}
