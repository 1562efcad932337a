/**
 * What Klaviyo will never take and what nobody can read: kept by reference, never with personal data. Equal ones (same
 * record, rule and code) are one with a count.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Cause, RecordRef } from '../rules/rule.ts';
import type { Store } from '../store/store.ts';

const container = 'ctk-dead-letters';

const schema = z.object({
  record: z.object({ typeId: z.string(), id: z.string(), version: z.number().optional() }).optional(),
  rule: z.string(),
  code: z.string(),
  detail: z.string(),
  field: z.string().optional(),
  cause: z.unknown(),
  source: z.string().optional(),
  replayable: z.boolean(),
  firstAt: z.string(),
  lastAt: z.string(),
  count: z.number(),
});
export type DeadLetter = z.infer<typeof schema> & { key: string };

export interface Letter {
  record?: RecordRef;
  /** The rule that wrote it; empty for what could not be read. */
  rule: string;
  code: string;
  detail: string;
  field?: string;
  cause?: Cause;
  /** Of an unreadable body: where it came from, its hash and size. */
  source?: string;
}

export interface DeadLetters {
  /** @returns 'full' when no more may be kept: then nothing must be acknowledged */
  keep(letter: Letter): Promise<'ok' | 'full'>;
  list(): AsyncIterable<DeadLetter>;
  count(): number;
}

export function createDeadLetters(store: Store, options: { max: number; now: () => Date }): DeadLetters {
  let count = 0;
  return {
    async keep(letter) {
      const at = {
        container,
        key: hash(JSON.stringify([letter.record?.typeId, letter.record?.id, letter.rule, letter.code, letter.source])),
      };
      const now = options.now().toISOString();
      const before = schema.safeParse((await store.get(at))?.value);
      if (!before.success && count >= options.max) return 'full';
      if (!before.success) count += 1;
      const times = before.success ? before.data : { firstAt: now, count: 0 };
      await store.put(at, {
        ...letter,
        replayable: letter.record !== undefined,
        firstAt: times.firstAt,
        lastAt: now,
        count: times.count + 1,
      });
      return 'ok';
    },
    async *list() {
      for await (const { key, value } of store.list(container)) {
        const parsed = schema.safeParse(value);
        if (parsed.success) yield { key, ...parsed.data };
      }
    },
    count: () => count,
  };
}

/** A key that any record can have: custom objects allow few characters. */
function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 40);
}
