/** Queues follow-up runs. Equal ones that wait are merged: the one that waits reads what a second one would read. */
import type { FollowUp } from '../../rules/types.ts';
import type { Store } from '../../store/store.ts';
import { putLease, queueKey, UNHELD } from './lease.ts';
import { createRun } from './run.ts';

export interface FollowUpQueue {
  /** Resolves once the run is stored. Rejects with a StoreError. */
  add(followUp: FollowUp): Promise<void>;
  /** @param listener called after a run was stored in this process */
  onAdded(listener: () => void): void;
}

export function createFollowUpQueue({ store, now }: { store: Store; now(): Date }): FollowUpQueue {
  const listeners: (() => void)[] = [];
  return {
    async add({ resource, where, reason }) {
      const run = createRun({ resource, kind: 'follow-up', request: { where, reason }, by: 'message', now: now() });
      await putLease(store, queueKey(resource, where), { run, beat: 0, holder: UNHELD }, 'absent');
      for (const listener of listeners) listener();
    },
    onAdded(listener) {
      listeners.push(listener);
    },
  };
}
