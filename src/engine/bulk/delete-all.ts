/** Empties Klaviyo of a kind of catalogue record: what the merchant confirmed in so many words. */
import type { DeleteChange, Receipt, SequencedChange } from '../../klaviyo/change.ts';
import type { Run } from '../runs/run.ts';
import type { BulkDeps, BulkRun } from './run-bulk.ts';
import { createRunPause, RunFailed } from './run-pause.ts';

/** Everything of the resource that Klaviyo holds, also what came from elsewhere. */
export async function deleteAll(parts: BulkDeps, work: BulkRun): Promise<void> {
  const what: DeleteChange['recordType'] = work.run.resource === 'categories' ? 'category' : 'item';
  const pause = createRunPause(work);
  for (;;) {
    work.signal.throwIfAborted();
    const listed = await parts.listing.firstIds(what, work.signal);
    if ('failure' in listed) {
      await pause.wait(listed.failure);
      continue;
    }
    if (listed.ids.length === 0) return;
    const readSeq = parts.nextReadSeq();
    const gone = listed.ids.map(
      (externalId): SequencedChange => ({ type: 'delete', recordType: what, externalId, readSeq }),
    );
    const receipts = await parts.sink.send(gone, { lane: 'bulk', signal: work.signal });
    const progress = countDeleted(work.run, receipts);
    work.markDirty();
    if (progress.problem !== undefined) await pause.wait(progress.problem, progress.retryAfterMs);
    else if (progress.deleted === 0)
      throw new RunFailed(`Klaviyo refuses to delete what is left of its ${work.run.resource}`);
  }
}

interface Progress {
  deleted: number;
  problem?: string;
  retryAfterMs?: number;
}

function countDeleted({ counts }: Run, receipts: readonly Receipt[]): Progress {
  const deleted = receipts.filter(({ outcome }) => outcome === 'delivered').length;
  counts.read += deleted;
  counts.delivered += deleted;
  counts.changes += deleted;
  const unavailable = receipts.find((receipt) => receipt.outcome === 'unavailable');
  if (!unavailable) return { deleted };
  return { deleted, problem: unavailable.reason, retryAfterMs: unavailable.retryAfterMs ?? 0 };
}
