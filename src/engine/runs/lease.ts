/**
 * Leases: one for the sync of each resource, one for its active follow-up, one for each queued follow-up. A lease's version
 * is its fencing token: a write with a stale version fails. No clock is compared with another machine's.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { BulkResource } from '../../commercetools/schemas.ts';
import type { Store, StoreKey } from '../../store/store.ts';
import { type Run, storedRunSchema, toStoredRun } from './run.ts';

const container = 'ctk-work';

/** The holder of a lease that any process may claim. */
export const UNHELD = '';

/** Fields of every lease. */
export const holdingShape = {
  /** A random id of this claim, or UNHELD. */
  holder: z.string(),
  beat: z.int(),
  stop: z.boolean().optional(),
};
const holdingSchema = z.object(holdingShape);
export type Holding = z.infer<typeof holdingSchema>;

const leaseSchema = holdingSchema.extend({
  /** The run as it was requested; its present state is in its own record. */
  run: storedRunSchema,
});
export type LeaseValue = z.infer<typeof leaseSchema>;

export interface Lease<Value extends Holding = LeaseValue> {
  at: StoreKey;
  version: number;
  value: Value;
}

/** How leases of a kind are stored. */
export interface LeaseRecords<Value extends Holding> {
  /** @returns undefined if there is none. One of another shape is undefined too, or an Error. */
  read(store: Store, at: StoreKey): Promise<Lease<Value> | undefined>;
  /** @returns the new version, or `stale` if another process wrote it since `version` */
  put(store: Store, at: StoreKey, value: Value, version: number | 'absent'): Promise<number | 'stale'>;
  /** What is leased, for messages. */
  describe(value: Value): string;
}

/** The lease of the active run of a kind and resource. */
export function leaseKey(kind: Run['kind'], resource: BulkResource): StoreKey {
  return { container, key: `${kind === 'follow-up' ? 'follow' : kind}-${resource}` };
}

/** The lease of a queued follow-up; equal follow-ups have the same key. */
export function queueKey(resource: BulkResource, where: string): StoreKey {
  return { container, key: `queued-${resource}-${createHash('sha256').update(where).digest('hex').slice(0, 40)}` };
}

export function isQueued({ at }: Lease): boolean {
  return at.key.startsWith('queued-');
}

export async function readLease(store: Store, at: StoreKey): Promise<Lease | undefined> {
  const stored = await store.get(at);
  const value = leaseSchema.safeParse(stored?.value);
  return stored && value.success ? { at, version: stored.version, value: value.data } : undefined;
}

/** Writes a lease. @returns its new version, or `stale` if another process wrote it since `version` */
export function putLease(
  store: Store,
  at: StoreKey,
  value: LeaseValue,
  version: number | 'absent',
): Promise<number | 'stale'> {
  return store.put(at, { ...value, run: toStoredRun(value.run) }, version);
}

export const runLeases: LeaseRecords<LeaseValue> = {
  read: readLease,
  put: putLease,
  describe: ({ run }) => `run ${run.id}`,
};

export async function listLeases(store: Store): Promise<Lease[]> {
  const leases: Lease[] = [];
  for await (const { key, value, version } of store.list(container)) {
    const parsed = leaseSchema.safeParse(value);
    if (parsed.success) leases.push({ at: { container, key }, version, value: parsed.data });
  }
  return leases;
}

/** Observes leases by this process's own clock: a holder is dead once its lease stood still for the whole lease time. */
export function createLeaseMonitor(leaseMs: number) {
  const seen = new Map<string, { version: number; at: number; alive: boolean }>();
  return {
    observe({ at, version }: Pick<Lease, 'at' | 'version'>): 'dead' | 'alive' | 'unknown' {
      const before = seen.get(at.key);
      if (before?.version !== version)
        seen.set(at.key, { version, at: performance.now(), alive: before !== undefined });
      else if (performance.now() - before.at > leaseMs) return 'dead';
      return seen.get(at.key)?.alive ? 'alive' : 'unknown';
    },
    /** Drops what was observed of leases that no longer exist. */
    forget(leases: readonly Lease[]): void {
      const present = new Set(leases.map(({ at }) => at.key));
      for (const key of seen.keys()) if (!present.has(key)) seen.delete(key);
    },
  };
}
