/** Generates ids like Klaviyo's: opaque, 26 characters, ascending by creation time. */

export type Ids = { next(): string };

/** Creates an id generator. `kind` is a prefix (a few letters) per record type. */
export function createIds(kind: string): Ids {
  let count = 0;
  return {
    next() {
      count += 1;
      return `01${kind.toUpperCase().padEnd(6, '0')}${String(count).padStart(18, '0')}`;
    },
  };
}
