/** Ids as Klaviyo makes them for records of its own: opaque, 26 characters, ascending with time of creation. */

export type Ids = { next(): string };

/** A source of ids; `kind` (a few letters) keeps those of different records apart. */
export function createIds(kind: string): Ids {
  let count = 0;
  return {
    next() {
      count += 1;
      return `01${kind.toUpperCase().padEnd(6, '0')}${String(count).padStart(18, '0')}`;
    },
  };
}
