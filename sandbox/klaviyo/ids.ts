/** Generates ids like Klaviyo's: opaque, 26 characters, ascending by creation time. */

export type Ids = { next(): string };

/** Creates an id generator. `prefix` (a few letters) distinguishes record types. */
export function createIds(prefix: string): Ids {
  let count = 0;
  return {
    next() {
      count += 1;
      return `01${prefix.toUpperCase().padEnd(6, '0')}${String(count).padStart(18, '0')}`;
    },
  };
}
