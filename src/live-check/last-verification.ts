/** What earlier live checks found, as it is stored. */
import type { ApiFinding } from '../engine/api-findings.ts';
import type { LiveFinding } from './live-check.ts';

export interface LastVerification {
  /** Of the finding that was verified last. ISO 8601. */
  verifiedAt: string;
  facts: (LiveFinding & { verifiedAt: string })[];
}

/** @returns undefined if no live check stored anything; findings that the service verified itself have no details */
export function lastVerification(stored: Readonly<Record<string, ApiFinding>>): LastVerification | undefined {
  const facts = Object.entries(stored).flatMap(([fact, { value, verifiedAt, details }]) =>
    details ? [{ fact, found: value, verifiedAt, ...details }] : [],
  );
  const [verifiedAt] = facts
    .map((finding) => finding.verifiedAt)
    .toSorted()
    .reverse();
  return verifiedAt === undefined ? undefined : { verifiedAt, facts };
}
