/** Removes the test records of a check, whether it succeeded or failed. */
import { messageOf } from '../lib/errors.ts';
import { ForbiddenError } from './errors.ts';

interface TestRecord {
  /** For the report, such as `catalog item ctk-live-check-1a2b3c4d`. */
  name: string;
  /** Succeeds for a record that does not exist; throws if the record may remain. */
  remove(): Promise<void>;
}

export interface Cleanup {
  /**
   * Called before the record is created, because a creation without a response may have been applied.
   * @returns a function that forgets the record again
   */
  add(record: TestRecord): () => void;
  /** Adds the record and creates it. A creation that was forbidden leaves nothing to remove. */
  create<Result>(record: TestRecord, create: () => Promise<Result>): Promise<Result>;
  /** Removes the records in reverse order. Never rejects. @returns those that may remain, each with the reason */
  removeAll(): Promise<string[]>;
}

export function createCleanup(): Cleanup {
  const added = new Set<TestRecord>();

  function add(record: TestRecord): () => void {
    added.add(record);
    return () => void added.delete(record);
  }

  return {
    add,
    async create(record, create) {
      const forget = add(record);
      try {
        return await create();
      } catch (thrown) {
        if (thrown instanceof ForbiddenError) forget();
        throw thrown;
      }
    },
    async removeAll() {
      const remaining: string[] = [];
      for (const record of [...added].reverse()) {
        const failure = await record.remove().then(
          () => undefined,
          (thrown: unknown) => messageOf(thrown),
        );
        if (failure !== undefined) remaining.push(`${record.name}: ${failure}`);
        added.delete(record);
      }
      return remaining;
    },
  };
}
