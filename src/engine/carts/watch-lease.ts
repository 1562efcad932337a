/** Lease of the cart watch: one process of a project reads changed carts. It holds the position up to which all are settled. */
import { z } from 'zod';
import { type StoreKey, storedFormat } from '../../store/store.ts';
import { holdingShape, type LeaseRecords } from '../runs/lease.ts';

export const watchKey: StoreKey = { container: 'ctk-carts', key: 'watch' };

const cursorSchema = z.object({
  /** ISO 8601: changes before the first start are left to a sync. */
  since: z.string(),
  /** The last cart whose events are settled. */
  at: z.object({ lastModifiedAt: z.string(), id: z.string() }).optional(),
});
export type CartCursor = z.infer<typeof cursorSchema>;

const watchSchema = z.object({ ...holdingShape, cursor: cursorSchema });
export type WatchLease = z.infer<typeof watchSchema>;

export const watchLeases: LeaseRecords<WatchLease> = {
  /** Rejects with an Error if it has another shape: without it no process would read carts, and none say so. */
  async read(store, at) {
    const stored = await store.get(at);
    if (!stored) return undefined;
    const { data: value } = watchSchema.safeParse(stored.value);
    if (value) return { at, version: stored.version, value };
    throw new Error(
      `the lease ${at.container}/${at.key} has an unknown shape: another version of this service may read carts; ` +
        'if none does, delete this custom object, and sync carts since the time from which their events are missing',
    );
  },
  put: (store, at, value, version) => store.put(at, { format: storedFormat, ...value }, version),
  describe: () => 'the cart watch',
};
