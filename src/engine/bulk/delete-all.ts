/** Deletes all catalog records of a kind in Klaviyo; the operator has confirmed it by name. */
import type { DeleteChange, SequencedChange } from '../../klaviyo/change.ts';
import { RunFailed } from '../runs/errors.ts';
import { addCounts, emptyCounts } from '../runs/run-counts.ts';
import type { RunExecution } from '../runs/run-worker.ts';
import { createRunPause } from './run-pause.ts';
import type { BulkDeps } from './types.ts';

/** Times that a page of deleted records only is read again, up to a minute apart. */
const maxStalePages = 15;

/** Deletes every record of the resource that Klaviyo holds, whichever app created it. Rejects with RunFailed. */
export async function deleteAll({ listing, sink, nextReadSeq }: BulkDeps, execution: RunExecution): Promise<void> {
  const { run, signal, markDirty } = execution;
  const recordType: DeleteChange['recordType'] = run.resource === 'categories' ? 'category' : 'item';
  const pause = createRunPause(execution);
  const deleted = new Set<string>();
  let stalePages = 0;
  for (;;) {
    signal.throwIfAborted();
    const listed = await listing.firstIds(recordType, signal);
    if ('failure' in listed) {
      await pause.wait(listed.failure);
      continue;
    }
    if (listed.ids.length === 0) return;
    const ids = listed.ids.filter((id) => !deleted.has(id));
    if (ids.length === 0) {
      // Lists lag behind.
      stalePages += 1;
      if (stalePages > maxStalePages) throw new RunFailed(`Klaviyo still lists ${run.resource} that were deleted`);
      await pause.wait('Klaviyo still lists deleted records');
      continue;
    }
    stalePages = 0;
    pause.reset();
    const readSeq = nextReadSeq();
    const deletions = ids.map(
      (externalId): SequencedChange => ({ type: 'delete', recordType, externalId, evenIfSold: true, readSeq }),
    );
    const receipts = await sink.send(deletions, { lane: 'bulk', signal });
    const delivered = ids.filter((_, index) => receipts[index]?.outcome === 'delivered');
    for (const id of delivered) deleted.add(id);
    const count = delivered.length;
    addCounts(run.counts, { ...emptyCounts(), read: count, delivered: count, changes: count });
    markDirty();
    const unavailable = receipts.find((receipt) => receipt.outcome === 'unavailable');
    if (unavailable) await pause.wait(unavailable.reason, unavailable.retryAfterMs);
    else if (count === 0) throw new RunFailed(`Klaviyo rejects the deletion of the remaining ${run.resource}`);
  }
}
