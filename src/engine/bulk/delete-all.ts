/** Deletes all catalog records of a kind in Klaviyo; the operator has confirmed it by name. */
import type { DeleteChange, SequencedChange } from '../../klaviyo/change.ts';
import { RunFailed } from '../runs/errors.ts';
import { addCounts, emptyCounts } from '../runs/run-counts.ts';
import type { RunExecution } from '../runs/run-worker.ts';
import { createRunPause } from './run-pause.ts';
import type { BulkDeps } from './types.ts';

/** Deletes every record of the resource that Klaviyo holds, whichever app created it. Rejects with RunFailed. */
export async function deleteAll({ listing, sink, nextReadSeq }: BulkDeps, execution: RunExecution): Promise<void> {
  const { run, signal, markDirty } = execution;
  const recordType: DeleteChange['recordType'] = run.resource === 'categories' ? 'category' : 'item';
  const pause = createRunPause(execution);
  for (;;) {
    signal.throwIfAborted();
    const listed = await listing.firstIds(recordType, signal);
    if ('failure' in listed) {
      await pause.wait(listed.failure);
      continue;
    }
    if (listed.ids.length === 0) return;
    const readSeq = nextReadSeq();
    const deletions = listed.ids.map(
      (externalId): SequencedChange => ({ type: 'delete', recordType, externalId, evenIfSold: true, readSeq }),
    );
    const receipts = await sink.send(deletions, { lane: 'bulk', signal });
    const deleted = receipts.filter(({ outcome }) => outcome === 'delivered').length;
    addCounts(run.counts, { ...emptyCounts(), read: deleted, delivered: deleted, changes: deleted });
    markDirty();
    const unavailable = receipts.find((receipt) => receipt.outcome === 'unavailable');
    if (unavailable) await pause.wait(unavailable.reason, unavailable.retryAfterMs);
    else if (deleted === 0) throw new RunFailed(`Klaviyo rejects the deletion of the remaining ${run.resource}`);
  }
}
