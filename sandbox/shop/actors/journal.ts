/** Journal of the actions of shopper and editor, used for output and to compute the expected events. */
export interface JournalEntry {
  /** Action name, for example `refund`. */
  readonly action: string;
  /** One-line description without personal data. */
  readonly description: string;
  /** Ids of the affected records by type: `{ order, payment, transaction }`. */
  readonly ids: Readonly<Record<string, string>>;
}
