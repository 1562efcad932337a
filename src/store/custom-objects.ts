/**
 * Stores records in commercetools custom objects, shared by all replicas. Each value holds a token of its write, so that
 * a writer whose response was lost recognises its own write.
 * https://docs.commercetools.com/api/projects/custom-objects
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { omitUndefined } from '../lib/omit-undefined.ts';
import { checkKey, checkSize, type Store, type StoredRecord, StoreError, type StoreKey } from './store.ts';

/** `uncertain`: no response arrived, so that a write may have been applied. `rejected`: an invalid request. */
export type ObjectsApiResult =
  | { status: 'ok'; body: unknown }
  | { status: 'not-found' | 'conflict' }
  | { status: 'uncertain' | 'forbidden' | 'rejected'; reason: string };

/** Endpoints of the API below the project; never rejects. */
export interface ObjectsApi {
  get(path: string, query?: Record<string, string | number | boolean>): Promise<ObjectsApiResult>;
  post(path: string, body: object): Promise<ObjectsApiResult>;
  delete(path: string, query?: Record<string, string | number | boolean>): Promise<ObjectsApiResult>;
}

const customObject = z.looseObject({
  key: z.string(),
  version: z.int(),
  value: z.looseObject({ token: z.string(), data: z.record(z.string(), z.unknown()) }),
});
type CustomObject = z.infer<typeof customObject>;
const keyed = z.looseObject({ key: z.string() });
const page = z.looseObject({ results: z.array(z.unknown()) });

/** Records have a few KB each, runs with many ids some hundred KB. */
const pageSize = 100;
const maxAttempts = 4;
const firstDelayMs = 50;
/** Longer than a request takes, so that all concurrent writers that saw no record have written theirs. */
const settleMs = 1_000;
const base = 'custom-objects';

interface Write {
  at: StoreKey;
  value: object;
  token: string;
  version?: number | undefined;
}

export function createCustomObjectsStore(api: ObjectsApi): Store {
  const pathOf = ({ container, key }: StoreKey) => `${base}/${container}/${key}`;

  async function read(at: StoreKey): Promise<CustomObject | undefined> {
    checkKey(at);
    const result = await api.get(pathOf(at));
    return result.status === 'not-found' ? undefined : parse(bodyOf(result));
  }

  /** @returns the new version, 'stale', or the reason for another attempt */
  async function tryWrite({ at, value, token, version }: Write): Promise<number | 'stale' | { reason: string }> {
    const result = await api.post(base, omitUndefined({ ...at, value: { token, data: value }, version }));
    if (result.status === 'ok') return parse(result.body).version;
    if (result.status === 'uncertain') return result;
    if (result.status === 'forbidden') throw errorFor(result);
    const current = await read(at);
    if (current?.value.token === token) return current.version;
    // Another attempt would be rejected again, unless the version is the reason.
    if (result.status === 'rejected' && (version === undefined || version === (current?.version ?? 0)))
      throw errorFor(result);
    // Without a version the last writer wins, but simultaneous writes may still conflict.
    return version === undefined ? { reason: 'commercetools refuses a write as concurrent' } : 'stale';
  }

  /** Repeats a write until its result is known. @returns 'stale' only if another write is stored */
  async function write(operation: Write): Promise<number | 'stale'> {
    for (let attempt = 1; ; attempt += 1) {
      const result = await tryWrite(operation);
      if (typeof result !== 'object') return result;
      if (attempt >= maxAttempts) throw new StoreError('unavailable', result.reason);
      await sleep(firstDelayMs * 2 ** attempt * (0.5 + Math.random()));
    }
  }

  /**
   * Whether version 0 creates an absent object and is refused for an existing one, so that exactly one writer creates it. The
   * docs of commercetools state neither. Probed once, with an object of its own.
   */
  let versionZeroCreates: Promise<boolean> | undefined;
  async function probeVersionZero(): Promise<boolean> {
    const at = { container: 'ctk-probe', key: randomUUID() };
    async function isAccepted(): Promise<boolean> {
      const result = await api.post(base, { ...at, value: { token: randomUUID(), data: {} }, version: 0 });
      if (result.status === 'uncertain' || result.status === 'forbidden') throw errorFor(result);
      return result.status === 'ok';
    }
    if (!(await isAccepted())) return false;
    const isRefused = !(await isAccepted());
    await api.delete(pathOf(at));
    return isRefused;
  }

  /**
   * Creates a record; exactly one of several concurrent writers succeeds. If version 0 can't ensure that, each writer that saw
   * no record writes and waits, and the last one succeeds.
   */
  async function create(at: StoreKey, value: object): Promise<number | 'stale'> {
    versionZeroCreates ??= probeVersionZero().catch((thrown: unknown) => {
      versionZeroCreates = undefined;
      throw thrown;
    });
    const token = randomUUID();
    if (await versionZeroCreates) return write({ at, value, token, version: 0 });
    if (await read(at)) return 'stale';
    await write({ at, value, token });
    await sleep(settleMs);
    const current = await read(at);
    return current?.value.token === token ? current.version : 'stale';
  }

  return {
    async get(at) {
      const found = await read(at);
      return found && toRecord(found);
    },
    async put(at, value, version) {
      checkKey(at);
      checkSize(at, JSON.stringify(value));
      if (version === 'absent') return create(at, value);
      return write({ at, value, token: randomUUID(), version });
    },
    async *list(container, after) {
      checkKey({ container, key: 'any' });
      let last = after;
      for (;;) {
        const predicate = last === undefined ? {} : { where: 'key > :last', 'var.last': last };
        const query = { limit: pageSize, withTotal: false, sort: 'key asc', ...predicate };
        const result = await api.get(`${base}/${container}`, query);
        if (result.status === 'not-found') return;
        const results = page.safeParse(bodyOf(result)).data?.results;
        if (!results) throw unknownShape();
        // Objects that another application put into the container are skipped.
        yield* results.flatMap((result) => customObject.safeParse(result).data ?? []).map(toRecord);
        last = keyed.safeParse(results.at(-1)).data?.key;
        if (results.length < pageSize || last === undefined) return;
      }
    },
    async remove(at, version) {
      checkKey(at);
      for (let attempt = 1; ; attempt += 1) {
        const result = await api.delete(pathOf(at), version === undefined ? {} : { version });
        if (result.status === 'ok' || result.status === 'not-found') return 'ok';
        const isRefused = result.status === 'conflict' || result.status === 'rejected';
        if (isRefused && version !== undefined) return 'stale';
        if (result.status === 'forbidden' || result.status === 'rejected' || attempt >= maxAttempts)
          throw errorFor(result);
        await sleep(firstDelayMs * 2 ** attempt);
      }
    },
  };
}

function bodyOf(result: ObjectsApiResult): unknown {
  if (result.status === 'ok') return result.body;
  throw errorFor(result);
}

function errorFor(result: Exclude<ObjectsApiResult, { status: 'ok' }>): StoreError {
  if (result.status === 'forbidden') return new StoreError('forbidden', result.reason);
  const reason = 'reason' in result ? result.reason : `custom objects: ${result.status}`;
  return new StoreError('unavailable', reason);
}

function parse(body: unknown): CustomObject {
  const parsed = customObject.safeParse(body);
  if (!parsed.success) throw unknownShape();
  return parsed.data;
}

function unknownShape(): StoreError {
  return new StoreError('unavailable', 'commercetools answered custom-objects in an unknown shape');
}

function toRecord({ key, value, version }: CustomObject): StoredRecord {
  return { key, value: value.data, version };
}
