/**
 * Stores small JSON records under a container and a key, with versions for optimistic concurrency control, as
 * commercetools' custom objects do. The contract test in store.test.ts covers every implementation.
 */
import { setTimeout as sleep } from 'node:timers/promises';

/** `format` of every stored record. Format 1 records have no such field. */
export const storedFormat = 2;

export interface StoreKey {
  /** Groups the records of one kind; `[-_~.a-zA-Z0-9]+`. */
  container: string;
  /** `[-_~.a-zA-Z0-9]{1,256}`. */
  key: string;
}

export interface StoredRecord {
  key: string;
  /** As it was put, without fields that were null. Callers have to parse it. */
  value: unknown;
  version: number;
}

/** All methods reject with a StoreError if the store is unavailable. */
export interface Store {
  get(at: StoreKey): Promise<StoredRecord | undefined>;
  /**
   * @param version the expected version, or 'absent' for a new record; undefined: the last writer wins
   * @returns the new version, or 'stale' if the expected version does not match
   */
  put(at: StoreKey, value: object, version?: number | 'absent'): Promise<number | 'stale'>;
  /** Lists records by key in ascending order, after the key `after`. */
  list(container: string, after?: string): AsyncIterable<StoredRecord>;
  /** Succeeds for a record that does not exist. */
  remove(at: StoreKey, version?: number): Promise<'ok' | 'stale'>;
}

export class StoreError extends Error {
  override name = 'StoreError';
  /** `forbidden`: the credentials lack access. `unavailable`: a retry may succeed. */
  readonly type: 'unavailable' | 'forbidden';
  constructor(type: StoreError['type'], message: string) {
    super(message);
    this.type = type;
  }
}

/** More than the processes that could write the same record at once. */
const maxStaleWrites = 20;

/** Repeats a read with its write while the write is stale. @throws StoreError if it stays stale, which no other writer explains */
export async function untilWritten<Result>(attempt: () => Promise<Result | 'stale'>): Promise<Result> {
  for (let stale = 0; stale < maxStaleWrites; stale += 1) {
    const result = await attempt();
    if (result !== 'stale') return result;
    await sleep(Math.random() * 10 * (stale + 1));
  }
  throw new StoreError('unavailable', 'every write of a record is refused as outdated');
}

const allowed = /^[-_~.a-zA-Z0-9]{1,256}$/;
/** Custom objects may have 16 MB, but large ones are discouraged: https://docs.commercetools.com/api/limits */
const maxBytes = 1_000_000;

/** @throws Error for a key that no store supports, which is a bug of the caller */
export function checkKey({ container, key }: StoreKey): void {
  if (!allowed.test(container) || !allowed.test(key)) throw new Error(`not a store key: ${container}/${key}`);
}

/** @throws Error for a value that is too large, which is a bug of the caller */
export function checkSize({ container, key }: StoreKey, text: string): void {
  const bytes = Buffer.byteLength(text);
  if (bytes > maxBytes) throw new Error(`${container}/${key} has ${bytes} bytes, more than ${maxBytes}`);
}
