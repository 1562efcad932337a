/** Counts the outcomes of records, with the reasons why they were skipped or rejected. */
import { type RecordResult, skipReasons } from '../delivery/verdict.ts';
import { addEffects, countReason, emptyCounts, type RunCounts } from '../runs/run-counts.ts';

export function countsOf(results: readonly RecordResult[]): RunCounts {
  const counts = emptyCounts();
  for (const result of results) {
    counts.changes += result.receipts.filter(({ outcome }) => outcome === 'delivered').length;
    for (const receipt of result.receipts) if (receipt.outcome === 'delivered') addEffects(counts, receipt);
    const id = [result.record.id];
    switch (result.outcome) {
      case 'delivered':
        counts.delivered += 1;
        break;
      case 'rejected':
      case 'unreadable':
      case 'failed':
        counts.rejected += 1;
        for (const code of new Set(result.deadLettered)) countReason(counts, code, id);
        break;
      default:
        counts.skipped += 1;
        for (const reason of skipReasons([result])) countReason(counts, reason, id);
    }
  }
  return counts;
}
