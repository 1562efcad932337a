/** Decides whether an operation may use its bulk endpoint, from what Klaviyo has shown so far. */
import { endpoints } from '../api/endpoints.ts';
import type { BatchItem } from './bulk-body.ts';
import type { Operation } from './operations.ts';

/** `single`: only single requests; `wait`: not now, since the first body is being verified. */
export type BulkMode = 'bulk' | 'single' | 'wait';

export interface BulkAccess {
  mode(): BulkMode;
  /**
   * Called when the key may not use the bulk endpoint or read its jobs.
   * @returns whether single requests are used instead from now on; false when these require the same scopes
   */
  onForbidden(reason: string): boolean;
  /** Called when a body was rejected because of events that Klaviyo has recorded already. */
  onRecordedRejected(): void;
  /**
   * Called before a body is sent. @returns undefined to send it as it is; `single` to send its records one by one
   * instead; or a verification of the body, to be called once Klaviyo has accepted it: resolves with false if its records
   * were lost and have to be sent one by one
   */
  beginBody(items: readonly BatchItem[]): Promise<Verification | 'single' | undefined>;
}

export interface Verification {
  /** The index of an item to be sent in a single request first, so that the body repeats it. */
  repeated: number;
  isRecorded(): Promise<boolean>;
  /** To be called after the records of a body that was not recorded were sent in single requests. */
  afterSingles(): Promise<void>;
  /** To be called when the body was not accepted. */
  abandon(): void;
}

/** A key may be replaced in Klaviyo, or get scopes: the bulk endpoint is tried again after an hour. */
const forbiddenMs = 3_600_000;

/** For operations whose bodies need no verification. @param onWarning called when single requests replace bodies */
export function createBulkAccess(operation: Operation, onWarning: (detail: string) => void): BulkAccess {
  let forbiddenUntil = Number.NEGATIVE_INFINITY;
  const requiredBySingle: readonly string[] = endpoints[operation.single].scopes;
  const extraScopes = scopesOfBulk(operation).filter((scope) => !requiredBySingle.includes(scope));
  return {
    mode: () => (performance.now() < forbiddenUntil ? 'single' : 'bulk'),
    onForbidden(reason) {
      if (extraScopes.length === 0) return false;
      if (performance.now() >= forbiddenUntil)
        onWarning(`${operation.bulk} needs ${extraScopes.join(' and ')}: records are sent one by one (${reason})`);
      forbiddenUntil = performance.now() + forbiddenMs;
      return true;
    },
    onRecordedRejected: () => undefined,
    beginBody: () => Promise.resolve(undefined),
  };
}

function scopesOfBulk({ bulk, job }: Operation): string[] {
  const used = [bulk, ...(job ? [job.list, job.get] : [])];
  return [...new Set(used.flatMap((name) => endpoints[name].scopes))];
}
