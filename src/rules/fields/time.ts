/** Times as Klaviyo takes them. */

const yearMs = 365 * 24 * 60 * 60 * 1_000;
/** Klaviyo: "must be after the year 1990 and can only be up to 1 year in the future". */
const earliestMs = Date.UTC(1991, 0, 1);

/**
 * @param candidates ISO 8601 texts, the best first
 * @param at the clock
 * @returns the first that Klaviyo would take, in UTC
 */
export function firstTime(candidates: readonly (string | undefined)[], at: Date): string | undefined {
  for (const candidate of candidates) {
    const ms = candidate === undefined ? Number.NaN : millisecondsOf(candidate);
    if (ms >= earliestMs && ms <= at.getTime() + yearMs) return new Date(ms).toISOString();
  }
  return undefined;
}

/** Milliseconds since 1970, NaN for what is no time. commercetools' times are UTC, also where no zone is written. */
export function millisecondsOf(iso: string): number {
  const zoned = /T.*(Z|[+-]\d\d:?\d\d)$/i.test(iso) || !iso.includes('T');
  return Date.parse(zoned ? iso : `${iso}Z`);
}
