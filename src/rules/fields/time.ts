/** Selects times within the range that Klaviyo accepts. */

const yearMs = 365 * 24 * 60 * 60 * 1_000;
/** Klaviyo: "must be after the year 1990 and can only be up to 1 year in the future". */
const earliestMs = Date.UTC(1991, 0, 1);

/** Returns the first candidate (ISO 8601, best first) that Klaviyo accepts at that time, in UTC, or undefined. */
export function firstTime(candidates: readonly (string | undefined)[], at: Date): string | undefined {
  for (const candidate of candidates) {
    const ms = candidate === undefined ? Number.NaN : millisecondsOf(candidate);
    if (ms >= earliestMs && ms <= at.getTime() + yearMs) return new Date(ms).toISOString();
  }
  return undefined;
}

/** Returns milliseconds since 1970, or NaN for an invalid time. Times without a zone are UTC, as commercetools' are. */
export function millisecondsOf(iso: string): number {
  const zoned = /T.*(Z|[+-]\d\d:?\d\d)$/i.test(iso) || !iso.includes('T');
  return Date.parse(zoned ? iso : `${iso}Z`);
}
