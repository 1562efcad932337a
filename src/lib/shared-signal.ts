/**
 * Combines the abort signals of all callers of one piece of work: aborted when every caller's signal is. The sink holds
 * one per change, so it registers no listeners until a signal is requested.
 */
export class SharedSignal {
  readonly #callers: AbortSignal[];
  #detached = false;
  #controller: AbortController | undefined;
  readonly #update = () => {
    if (this.aborted) this.#controller?.abort();
  };

  constructor(first: AbortSignal) {
    this.#callers = [first];
  }

  /** Every caller's signal is aborted, and this one is not detached. */
  get aborted(): boolean {
    return !this.#detached && this.#callers.every((caller) => caller.aborted);
  }

  /** Adds a caller; without effect when the same signal was added before. */
  add(caller: AbortSignal): void {
    if (this.#callers.includes(caller)) return;
    this.#callers.push(caller);
    if (this.#controller && !this.#detached) this.#listen(caller, this.#controller);
  }

  /** Never aborts from now on, and removes all listeners: a caller's signal may live as long as the process. */
  detach(): void {
    this.#detached = true;
    for (const caller of this.#callers) caller.removeEventListener('abort', this.#update);
  }

  /** @returns an AbortSignal with the same state; the same object each time */
  signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (!this.#detached) for (const caller of this.#callers) this.#listen(caller, this.#controller);
      this.#update();
    }
    return this.#controller.signal;
  }

  #listen(caller: AbortSignal, controller: AbortController): void {
    caller.addEventListener('abort', this.#update, { once: true, signal: controller.signal });
  }
}
