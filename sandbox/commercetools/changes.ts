/** Emits record changes made through the API to listeners. */
import type { ApiRecord, JsonObject } from './json.ts';

/** A change of one record: `before` is undefined for a creation, `after` for a deletion. */
export interface Change {
  readonly typeId: string;
  readonly before: ApiRecord | undefined;
  readonly after: ApiRecord | undefined;
  /** Cause that cannot be derived from the records: an import, a recurring order, stock taken by an order. */
  readonly cause?: 'import' | 'recurring-order' | 'stock-taken';
  readonly dataErasure?: boolean;
  /** Update actions of the change, from which some messages take what the records do not show. */
  readonly actions?: readonly JsonObject[];
}

export class ChangeEmitter {
  readonly #listeners: ((change: Change) => void)[] = [];

  listen(listener: (change: Change) => void): void {
    this.#listeners.push(listener);
  }

  emit(change: Change): void {
    for (const listener of this.#listeners) listener(change);
  }
}
