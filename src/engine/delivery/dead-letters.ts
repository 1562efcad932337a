/**
 * Stores dead letters: records that Klaviyo rejected, that are unreadable, or whose rule failed. They hold references, no
 * personal data. Equal ones (see letter-id.ts) are one object with an approximate count, so that a flood of them causes no
 * contention.
 */
import { z } from 'zod';
import { type Cause, originOf, recordRefSchema } from '../../rules/types.ts';
import { type Store, StoreError, storedFormat } from '../../store/store.ts';
import { idsOf, partOf } from './letter-id.ts';
import { storedCauseSchema } from './stored-cause.ts';

const container = 'ctk-dead-letters';

const letterSchema = z.object({
  record: recordRefSchema.optional(),
  /** The rule that wrote the change; empty for an unreadable record. */
  rule: z.string(),
  code: z.string(),
  detail: z.string(),
  field: z.string().optional(),
  cause: storedCauseSchema.optional(),
  /** For an unreadable delivery: its source, hash and size. */
  source: z.string().optional(),
});
/** A dead letter as `store` takes it; of a replay the original cause is stored. */
export type DeadLetterDraft = Omit<z.infer<typeof letterSchema>, 'cause'> & { cause?: Cause };

export const deadLetterSchema = letterSchema.extend({
  id: z.string(),
  /** The record can be read again. */
  replayable: z.boolean(),
  firstAt: z.string(),
  lastAt: z.string(),
  /** Approximately how often it was stored. */
  count: z.int(),
});
export type DeadLetter = z.infer<typeof deadLetterSchema>;

/** A dead letter with the version of its object in the store. */
export interface StoredLetter {
  letter: DeadLetter;
  version: number;
}

/** Selects dead letters; all given fields must match. */
export interface DeadLetterFilter {
  rule?: string;
  code?: string;
  /** The record's type id, such as order. */
  resource?: string;
}

export interface DeadLetters {
  /** @returns 'stored', or why not: then nothing may be acknowledged */
  store(draft: DeadLetterDraft): Promise<'stored' | { reason: string }>;
  get(id: string): Promise<DeadLetter | undefined>;
  read(id: string): Promise<StoredLetter | undefined>;
  /** In the order of ids, starting after `after`. */
  list(filter?: DeadLetterFilter, after?: string): AsyncIterable<DeadLetter>;
  /** @param version as it was read: a letter that was renewed since then is kept */
  discard(id: string, version?: number): Promise<void>;
}

export interface DeadLetterOptions {
  max: number;
  now(): Date;
  /** Called after each write, also for an equal one. */
  onStored?(letter: DeadLetterDraft): void;
  /** Called once if the API client may not use the store. */
  onForbidden(reason: string): void;
}

/** Other processes store and discard too: the count is read again after this time. */
const recountMs = 60_000;
const full = { reason: 'the number of dead letters has reached deadLetters.max: replay or discard some' };
const forbidden = { reason: "dead letters can't be stored: the API client lacks manage_key_value_documents" };

export function createDeadLetters(store: Store, { max, now, onStored, onForbidden }: DeadLetterOptions): DeadLetters {
  const counted = createCount(() => store.list(container));
  let reportedForbidden = false;

  async function read(id: string): Promise<StoredLetter | undefined> {
    const stored = await store.get({ container, key: id });
    const letter = parse(id, stored?.value);
    return stored && letter && { letter, version: stored.version };
  }

  async function get(id: string): Promise<DeadLetter | undefined> {
    return (await read(id))?.letter;
  }

  /** @returns the id to store a letter under, with the letter that it renews */
  async function placeOf(letter: DeadLetterDraft): Promise<{ id: string; before?: DeadLetter | undefined }> {
    const ids = idsOf(letter);
    const part = partOf(letter);
    const ofRecord = await get(ids.record);
    // An earlier version stored each part under this id: what is there may be about another one.
    if (ofRecord ? partOf(ofRecord) === part : part === '') return { id: ids.record, before: ofRecord };
    return { id: ids.part, before: await get(ids.part) };
  }

  async function put(letter: DeadLetterDraft): Promise<'stored' | { reason: string }> {
    const { id, before } = await placeOf(letter);
    if (!before && (await counted.now()) >= max) return full;
    const at = now().toISOString();
    const { firstAt = at, count = 0, cause: known } = before ?? {};
    // A replay that is rejected again updates the same dead letter.
    const cause = letter.cause ? originOf(letter.cause) : known;
    const more = { replayable: letter.record !== undefined, firstAt, lastAt: at, count: count + 1 };
    await store.put({ container, key: id }, { format: storedFormat, ...letter, ...(cause ? { cause } : {}), ...more });
    if (!before) counted.add(1);
    onStored?.(letter);
    return 'stored';
  }

  return {
    async store(letter) {
      try {
        return await put(letter);
      } catch (thrown) {
        if (!(thrown instanceof StoreError)) throw thrown;
        if (thrown.type === 'unavailable') return { reason: `a dead letter can't be stored now: ${thrown.message}` };
        if (!reportedForbidden) onForbidden(thrown.message);
        reportedForbidden = true;
        return forbidden;
      }
    },
    get,
    read,
    async *list(filter = {}, after) {
      for await (const { key, value } of store.list(container, after)) {
        const letter = parse(key, value);
        if (letter && matches(letter, filter)) yield letter;
      }
    },
    async discard(id, version) {
      if ((await store.remove({ container, key: id }, version)) === 'ok') counted.add(-1);
    },
  };
}

/** Counts the stored dead letters: reads the number, then keeps it approximately. */
function createCount(all: () => AsyncIterable<unknown>) {
  let known = 0;
  let countedAt = Number.NEGATIVE_INFINITY;
  return {
    async now(): Promise<number> {
      if (performance.now() - countedAt < recountMs) return known;
      countedAt = performance.now();
      try {
        known = (await Array.fromAsync(all(), () => undefined)).length;
      } catch (thrown) {
        countedAt = Number.NEGATIVE_INFINITY;
        throw thrown;
      }
      return known;
    },
    add(more: number): void {
      known += more;
    },
  };
}

function parse(id: string, value: unknown): DeadLetter | undefined {
  return deadLetterSchema.safeParse(Object.assign({}, value, { id })).data;
}

function matches(letter: DeadLetter, { rule, code, resource }: DeadLetterFilter): boolean {
  return (
    (rule === undefined || letter.rule === rule) &&
    (code === undefined || letter.code === code) &&
    (resource === undefined || letter.record?.typeId === resource)
  );
}

/** Deletes the dead letters about a customer that is being erased, except those that replay the erasure. */
export async function discardAbout(
  deadLetters: DeadLetters,
  { customerId, erasureRule }: { customerId: string; erasureRule: string },
): Promise<void> {
  for await (const { id, record, rule, cause } of deadLetters.list()) {
    const message = cause?.type === 'message' ? cause : undefined;
    const isOwn = record?.typeId === 'customer' && record.id === customerId;
    const isOfOrder = message !== undefined && [message.customerId, message.oldCustomerId].includes(customerId);
    // The erasure is not sent yet: only its own letter remembers it until then.
    const isErasure = rule === erasureRule || (rule === '' && message?.dataErasure === true);
    if ((isOwn || isOfOrder) && !isErasure) await deadLetters.discard(id);
  }
}

/** Deletes all matching dead letters. @returns how many */
export async function discardAll(deadLetters: DeadLetters, filter: DeadLetterFilter): Promise<number> {
  let count = 0;
  for await (const { id } of deadLetters.list(filter)) {
    await deadLetters.discard(id);
    count += 1;
  }
  return count;
}
