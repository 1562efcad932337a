/** Queues follow-up runs. Equal ones that wait are merged: the one that waits reads what a second one would read. */
import type { FollowUp } from '../../rules/types.ts';
import type { Store } from '../../store/store.ts';
import { putLease, queueKey, UNHELD } from './lease.ts';
import { createRun } from './run.ts';

export type FollowUpQueue = ReturnType<typeof createFollowUpQueue>;

export function createFollowUpQueue({ store, now }: { store: Store; now(): Date }) {
  const listeners: (() => void)[] = [];
  return {
    /** Resolves once the run is stored. Rejects with a StoreError. */
    async add({ resource, where, reason }: FollowUp): Promise<void> {
      const run = createRun({ resource, kind: 'follow-up', request: { where, reason }, by: 'message', now: now() });
      await putLease(store, queueKey(resource, where), { run, beat: 0, holder: UNHELD }, 'absent');
      for (const listener of listeners) listener();
    },
    /** @param listener called after a run was stored in this process */
    onAdded(listener: () => void): void {
      listeners.push(listener);
    },
  };
}
