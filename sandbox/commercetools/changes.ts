/** Tells whoever listens that a record changed through the API. */
import type { ApiRecord } from './json.ts';

export interface Change {
  readonly typeId: string;
  readonly before: ApiRecord | undefined;
  readonly after: ApiRecord | undefined;
  /** What the records alone do not tell: an import, a recurring order, stock taken by an order. */
  readonly cause?: 'import' | 'recurring-order' | 'stock-taken';
  readonly dataErasure?: boolean;
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
