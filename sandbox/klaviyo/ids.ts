/** Generates ids in Klaviyo's forms, ascending by creation time. */

export type Ids = { next(): string };

/**
 * Creates an id generator. `prefix` (a few letters) distinguishes record types. `length` is 26 as in a ULID unless
 * given.
 */
export function createIds(prefix: string, length = 26): Ids {
  let count = 0;
  const start = length === 26 ? `01${prefix.toUpperCase().padEnd(6, '0')}` : prefix;
  return {
    next() {
      count += 1;
      return `${start}${String(count).padStart(length - start.length, '0')}`;
    },
  };
}
