/**
 * Remembers what was verified about the Klaviyo account and the commercetools project, so that it is verified once. All
 * processes share it through the store.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { RepeatedEvents } from '../klaviyo/batching/bulk-access.ts';
import { type Store, storedFormat, untilWritten } from '../store/store.ts';

const container = 'ctk-findings';

/** What the live check says of a finding, for display. */
const detailsSchema = z.object({
  expected: z.string(),
  state: z.enum(['ok', 'warning', 'problem', 'unverified']),
  consequence: z.string(),
});
const findingSchema = z.object({
  value: z.string(),
  verifiedAt: z.iso.datetime(),
  details: detailsSchema.optional().catch(undefined),
});
export type NewApiFinding = Omit<z.infer<typeof findingSchema>, 'verifiedAt'>;
export type ApiFinding = z.infer<typeof findingSchema>;
const recordSchema = z.object({ findings: z.record(z.string(), findingSchema) });

export interface ApiFindings {
  /** By name. @throws StoreError */
  read(): Promise<Record<string, ApiFinding>>;
  /** Adds findings, or replaces those with the same name. @throws StoreError */
  write(values: Record<string, NewApiFinding>): Promise<void>;
  /** How Klaviyo treats repeated events in a bulk body. `read` never rejects. */
  repeatedEvents: {
    read(): Promise<RepeatedEvents | undefined>;
    write(finding: RepeatedEvents): Promise<void>;
  };
  /** Whether a live check has found that a bulk import of profiles unsets properties. Never rejects. */
  unsetsInBulk(): Promise<boolean>;
  /** Whether a live check has found that Klaviyo accepts events by its own profile id. Read in the background. */
  acceptsProfileId(): boolean;
}

/** The name under which a live check stores whether events by Klaviyo's profile id are accepted. */
export const profileIdFinding = 'events by profile id';
export const profileIdAccepted = 'accepted';
/** Another process may store the finding at any time. */
const profileIdRefreshMs = 600_000;

/** The name under which `repeatedEvents` is stored. */
export const repeatedEventsFinding = 'repeated events in a bulk body';

/** The name of the finding whether a bulk import of profiles unsets properties: `applied` or `ignored`. */
export const bulkUnsetFinding = 'unset properties in a bulk import';

/** A body may be found lost because Klaviyo listed it late: such a finding is verified again after a week. */
const lostMs = 7 * 86_400_000;
const known: readonly RepeatedEvents[] = ['ignored', 'rejected', 'lost'];

/** @param accountKey what identifies the account, such as its API key; stored as a hash. @param now the clock */
export function createApiFindings(store: Store, accountKey: string, now: () => Date): ApiFindings {
  const at = { container, key: createHash('sha256').update(accountKey).digest('hex').slice(0, 32) };

  async function read(): Promise<Record<string, ApiFinding>> {
    const stored = await store.get(at);
    return recordSchema.safeParse(stored?.value).data?.findings ?? {};
  }

  async function write(values: Record<string, NewApiFinding>): Promise<void> {
    const verifiedAt = now().toISOString();
    const added = Object.entries(values).map(([name, finding]) => [name, { ...finding, verifiedAt }]);
    await untilWritten(async () => {
      const stored = await store.get(at);
      const findings = {
        ...(recordSchema.safeParse(stored?.value).data?.findings ?? {}),
        ...Object.fromEntries(added),
      };
      return store.put(at, { format: storedFormat, findings }, stored?.version ?? 'absent');
    });
  }

  async function readRepeatedEvents(): Promise<RepeatedEvents | undefined> {
    const finding = (await read())[repeatedEventsFinding];
    const value = known.find((each) => each === finding?.value);
    const isOld = finding !== undefined && now().getTime() - Date.parse(finding.verifiedAt) > lostMs;
    return value === 'lost' && isOld ? undefined : value;
  }

  let profileId = { isAccepted: false, readAt: Number.NEGATIVE_INFINITY };

  async function readProfileId(): Promise<void> {
    const isAccepted = (await read())[profileIdFinding]?.value === profileIdAccepted;
    profileId = { ...profileId, isAccepted };
  }

  return {
    read,
    write,
    unsetsInBulk: () =>
      read()
        .then((findings) => findings[bulkUnsetFinding]?.value === 'applied')
        .catch(() => false),
    acceptsProfileId() {
      if (performance.now() - profileId.readAt > profileIdRefreshMs) {
        profileId = { ...profileId, readAt: performance.now() };
        readProfileId().catch(() => undefined);
      }
      return profileId.isAccepted;
    },
    repeatedEvents: {
      read: () => readRepeatedEvents().catch(() => undefined),
      write: (finding) => write({ [repeatedEventsFinding]: { value: finding } }),
    },
  };
}
