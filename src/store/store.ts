/**
 * What is remembered: small JSON records under a container and a key, with versions, as commercetools' custom objects
 * have them. The contract test in store.test.ts holds every implementation to it.
 */

export interface StoreKey {
  /** `[-_~.a-zA-Z0-9]+`; all records of one kind. */
  container: string;
  /** `[-_~.a-zA-Z0-9]{1,256}`. */
  key: string;
}

export interface Versioned {
  key: string;
  /** As it was put; the reader parses it. */
  value: unknown;
  version: number;
}

export interface Store {
  get(at: StoreKey): Promise<Versioned | undefined>;
  /**
   * @param version what it must be now: a number, or 'absent'; left out: the last writer wins
   * @returns the new version, or 'stale' when it is another one
   */
  put(at: StoreKey, value: object, version?: number | 'absent'): Promise<number | 'stale'>;
  /** In the order of keys, from behind `after`. */
  list(container: string, after?: string): AsyncIterable<Versioned>;
  /** What is not there is removed already. */
  remove(at: StoreKey, version?: number): Promise<'ok' | 'stale'>;
}
