/**
 * Who works on what: one record for each resource's sync, one for its small runs, one for each small run that waits.
 * Its version is the fence: whoever writes with a stale one has lost it. No clock is compared with another machine's.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { BulkResource } from '../../commercetools/schemas.ts';
import type { Store, StoreKey } from '../../store/store.ts';
import { type Run, storedRunSchema, toStoredRun } from './run.ts';

const container = 'ctk-work';

/** The holder of what waits for one. */
export const UNHELD = '';

const leaseSchema = z.object({
  /** As it was asked for; what became of it since is in the run's own record. */
  run: storedRunSchema,
  /** The process that works it off; `nobody`: whoever comes first may. */
  holder: z.string(),
  /** Counts up while the holder is alive. */
  beat: z.int(),
  /** Somebody asked to stop it. */
  stop: z.boolean().optional(),
});
export type LeaseValue = z.infer<typeof leaseSchema>;

export interface Lease {
  at: StoreKey;
  version: number;
  value: LeaseValue;
}

/** Where the work of a kind and resource is held. */
export function leaseKey(kind: Run['kind'], resource: BulkResource): StoreKey {
  return { container, key: `${kind === 'follow-up' ? 'follow' : kind}-${resource}` };
}

/** Where a small run waits: equal ones at the same place. */
export function queueKey(resource: BulkResource, where: string): StoreKey {
  return { container, key: `queued-${resource}-${createHash('sha256').update(where).digest('hex').slice(0, 40)}` };
}

export function isQueued({ at }: Lease): boolean {
  return at.key.startsWith('queued-');
}

export async function readLease(store: Store, at: StoreKey): Promise<Lease | undefined> {
  const found = await store.get(at);
  const value = leaseSchema.safeParse(found?.value);
  return found && value.success ? { at, version: found.version, value: value.data } : undefined;
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

/** All work that is held or waits. */
export async function listLeases(store: Store): Promise<Lease[]> {
  const leases: Lease[] = [];
  for await (const { key, value, version } of store.list(container)) {
    const parsed = leaseSchema.safeParse(value);
    if (parsed.success) leases.push({ at: { container, key }, version, value: parsed.data });
  }
  return leases;
}

/** Tells by this process's own clock how it stands with holders: dead is one whose lease stood still for its whole time. */
export function createLeaseMonitor(leaseMs: number) {
  const seen = new Map<string, { version: number; at: number; alive: boolean }>();
  return {
    /** Notes the lease as it is now. */
    observe({ at, version }: Lease): 'dead' | 'alive' | 'unknown' {
      const before = seen.get(at.key);
      if (before?.version !== version)
        seen.set(at.key, { version, at: performance.now(), alive: before !== undefined });
      else if (performance.now() - before.at > leaseMs) return 'dead';
      return seen.get(at.key)?.alive ? 'alive' : 'unknown';
    },
    forget(leases: readonly Lease[]): void {
      const there = new Set(leases.map(({ at }) => at.key));
      for (const key of seen.keys()) if (!there.has(key)) seen.delete(key);
    },
  };
}
