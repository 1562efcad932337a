/** Removes the test records of a check, whether it succeeded or failed. */
import { messageOf } from '../lib/errors.ts';

export interface Cleanup {
  /**
   * Called before the record is created, because a creation without a response may have been applied.
   * @param record for the report, such as `catalog item ctk-live-check-1a2b3c4d`
   * @param remove succeeds for a record that does not exist; throws if the record may remain
   */
  add(record: string, remove: () => Promise<void>): void;
  /** Removes the records in reverse order. Never rejects. @returns those that may remain, each with the reason */
  removeAll(): Promise<string[]>;
}

export function createCleanup(): Cleanup {
  const added: { record: string; remove: () => Promise<void> }[] = [];
  return {
    add: (record, remove) => void added.push({ record, remove }),
    async removeAll() {
      const remaining: string[] = [];
      for (const { record, remove } of added.splice(0).reverse()) {
        const failure = await remove().then(
          () => undefined,
          (thrown: unknown) => messageOf(thrown),
        );
        if (failure !== undefined) remaining.push(`${record}: ${failure}`);
      }
      return remaining;
    },
  };
}
