/** Journal of the actions of shopper and editor, used for output and to compute the expected events. */
import { z } from 'zod';

export interface JournalEntry {
  /** Action name, for example `refund`. */
  readonly action: string;
  /** One-line description without personal data. */
  readonly description: string;
  /** Ids of the affected records by type: `{ order, payment, transaction }`. */
  readonly ids: Readonly<Record<string, string>>;
}

/** Shape that most responses are parsed with. */
export const versioned = z.looseObject({ id: z.string(), version: z.number() });
