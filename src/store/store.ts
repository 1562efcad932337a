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
  /** As it was put, but for fields that were null: those are not kept. The reader parses it. */
  value: unknown;
  version: number;
}

/** All methods reject with a StoreFailure where the store can't be asked now. */
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

/** The store did not do what was asked. */
export class StoreFailure extends Error {
  override name = 'StoreFailure';
  /** not-allowed: these credentials may not use it; anything else may be over in a moment. */
  readonly kind: 'unavailable' | 'not-allowed';
  constructor(kind: StoreFailure['kind'], message: string) {
    super(message);
    this.kind = kind;
  }
}

const allowed = /^[-_~.a-zA-Z0-9]{1,256}$/;
/** Far below custom objects' 16 MB, whose docs advise against large ones: https://docs.commercetools.com/api/limits */
const maxBytes = 1_000_000;

/** Throws where no store could have such a key: our own bug. */
export function checkKey({ container, key }: StoreKey): void {
  if (!allowed.test(container) || !allowed.test(key)) throw new Error(`not a store key: ${container}/${key}`);
}

/** Throws where a value is too large to be kept: our own bug. */
export function checkSize({ container, key }: StoreKey, text: string): void {
  const bytes = Buffer.byteLength(text);
  if (bytes > maxBytes) throw new Error(`${container}/${key} has ${bytes} bytes, more than ${maxBytes}`);
}
