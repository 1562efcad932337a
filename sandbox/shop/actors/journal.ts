/** What a shopper or an editor did: for the log, and for working out what Klaviyo must have heard of. */
import { z } from 'zod';

export interface JournalEntry {
  /** The named action, for example `refund`. */
  readonly action: string;
  /** One line for people, without personal data. */
  readonly description: string;
  /** Ids of what was touched, by kind: `{ order, payment, transaction }`. */
  readonly ids: Readonly<Record<string, string>>;
}

/** What most answers are read for. */
export const versioned = z.looseObject({ id: z.string(), version: z.number() });
