/**
 * The store in commercetools custom objects, shared by all replicas. Each value carries the token of the write that
 * made it: that tells an own write whose answer was lost from somebody else's.
 * https://docs.commercetools.com/api/projects/custom-objects
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { checkKey, checkSize, type Store, StoreFailure, type StoreKey, type Versioned } from './store.ts';

/** What the API answered, as far as a store cares. `uncertain`: no answer came, so a write may have been applied. */
export type ObjectsAnswer =
  | { status: 'ok'; body: unknown }
  | { status: 'not-found' }
  | { status: 'conflict' }
  | { status: 'uncertain'; reason: string }
  | { status: 'not-allowed'; reason: string };

/** The API's endpoints below the project; never rejects. */
export interface ObjectsApi {
  get(path: string, query?: Record<string, string | number | boolean>): Promise<ObjectsAnswer>;
  post(path: string, body: object): Promise<ObjectsAnswer>;
  delete(path: string, query?: Record<string, string | number | boolean>): Promise<ObjectsAnswer>;
}

const object = z.looseObject({
  key: z.string(),
  version: z.int(),
  value: z.looseObject({ token: z.string(), data: z.record(z.string(), z.unknown()) }),
});
type Kept = z.infer<typeof object>;
const keyed = z.looseObject({ key: z.string() });
const page = z.looseObject({ results: z.array(z.unknown()) });

/** Records are a few KB each, a run with many ids some hundred: a page stays a small answer. */
const pageSize = 100;
const tries = 4;
const firstWaitMs = 50;
/** Longer than a request takes: by then whoever saw the key free has written it. */
const settleMs = 1_000;
const base = 'custom-objects';

interface Write {
  at: StoreKey;
  value: object;
  token: string;
  version?: number;
}

export function createCustomObjectsStore(api: ObjectsApi): Store {
  const pathOf = ({ container, key }: StoreKey) => `${base}/${container}/${key}`;

  async function read(at: StoreKey): Promise<Kept | undefined> {
    checkKey(at);
    const answer = await api.get(pathOf(at));
    return answer.status === 'not-found' ? undefined : parse(bodyOf(answer));
  }

  /** One try; `reason` where it has to be tried again. */
  async function tryWrite({ at, value, token, version }: Write): Promise<number | 'stale' | { reason: string }> {
    const draft = { ...at, value: { token, data: value }, ...(version === undefined ? {} : { version }) };
    const answer = await api.post(base, draft);
    if (answer.status === 'ok') return parse(answer.body).version;
    if (answer.status === 'uncertain') return answer;
    if (answer.status === 'not-allowed') throw failureOf(answer);
    const now = await read(at);
    if (now?.value.token === token) return now.version;
    // Without a version the last writer wins, yet writes at the same moment may still collide.
    return version === undefined ? { reason: 'commercetools refuses a write as concurrent' } : 'stale';
  }

  /** One write, repeated while its fate is unknown; 'stale' only when somebody else's write stands there. */
  async function write(wanted: Write): Promise<number | 'stale'> {
    for (let tried = 1; ; tried += 1) {
      const answer = await tryWrite(wanted);
      if (typeof answer !== 'object') return answer;
      if (tried >= tries) throw new StoreFailure('unavailable', answer.reason);
      await sleep(firstWaitMs * 2 ** tried * (0.5 + Math.random()));
    }
  }

  /** Whether the API refuses version 0 for what exists, as its docs suggest; asked once. */
  let refusesZero: Promise<boolean> | undefined;
  async function askZero(): Promise<boolean> {
    const at = { container: 'ctk-probe', key: randomUUID() };
    await write({ at, value: {}, token: randomUUID() });
    const answer = await api.post(base, { ...at, value: { token: randomUUID(), data: {} }, version: 0 });
    if (answer.status === 'uncertain') throw new StoreFailure('unavailable', answer.reason);
    await api.delete(pathOf(at));
    return answer.status !== 'ok';
  }

  /** Taken by exactly one. Where the API overwrites, all who saw the key free wait, and the last writer has it. */
  async function create(at: StoreKey, value: object): Promise<number | 'stale'> {
    refusesZero ??= askZero().catch((thrown: unknown) => {
      refusesZero = undefined;
      throw thrown;
    });
    const token = randomUUID();
    if (await refusesZero) return write({ at, value, token, version: 0 });
    if (await read(at)) return 'stale';
    await write({ at, value, token, version: 0 });
    await sleep(settleMs);
    const now = await read(at);
    return now?.value.token === token ? now.version : 'stale';
  }

  return {
    async get(at) {
      const found = await read(at);
      return found && versioned(found);
    },
    async put(at, value, version) {
      checkKey(at);
      checkSize(at, JSON.stringify(value));
      if (version === 'absent') return create(at, value);
      return write({ at, value, token: randomUUID(), ...(version === undefined ? {} : { version }) });
    },
    async *list(container, after) {
      checkKey({ container, key: 'any' });
      let last = after;
      for (;;) {
        const more = last === undefined ? {} : { where: 'key > :last', 'var.last': last };
        const query = { limit: pageSize, withTotal: false, sort: 'key asc', ...more };
        const answer = await api.get(`${base}/${container}`, query);
        if (answer.status === 'not-found') return;
        const results = page.safeParse(bodyOf(answer)).data?.results;
        if (!results) throw unknownShape();
        // What somebody else put into our container is passed over.
        yield* results.flatMap((one) => object.safeParse(one).data ?? []).map(versioned);
        last = keyed.safeParse(results.at(-1)).data?.key;
        if (results.length < pageSize || last === undefined) return;
      }
    },
    async remove(at, version) {
      checkKey(at);
      for (let tried = 1; ; tried += 1) {
        const answer = await api.delete(pathOf(at), version === undefined ? {} : { version });
        if (answer.status === 'ok' || answer.status === 'not-found') return 'ok';
        if (answer.status === 'conflict' && version !== undefined) return 'stale';
        if (answer.status === 'not-allowed' || tried >= tries) throw failureOf(answer);
        await sleep(firstWaitMs * 2 ** tried);
      }
    },
  };
}

function bodyOf(answer: ObjectsAnswer): unknown {
  if (answer.status === 'ok') return answer.body;
  throw failureOf(answer);
}

function failureOf(answer: Exclude<ObjectsAnswer, { status: 'ok' }>): StoreFailure {
  if (answer.status === 'not-allowed') return new StoreFailure('not-allowed', answer.reason);
  return new StoreFailure(
    'unavailable',
    answer.status === 'uncertain' ? answer.reason : `custom objects: ${answer.status}`,
  );
}

function parse(body: unknown): Kept {
  const parsed = object.safeParse(body);
  if (!parsed.success) throw unknownShape();
  return parsed.data;
}

function unknownShape(): StoreFailure {
  return new StoreFailure('unavailable', 'commercetools answered custom-objects in an unknown shape');
}

function versioned({ key, value, version }: Kept): Versioned {
  return { key, value: value.data, version };
}
