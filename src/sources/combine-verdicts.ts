/** Combines the verdicts of messages that a broker can only acknowledge together. */
import type { Verdict } from '../engine/delivery/verdict.ts';

/** @returns `ack: false` if one of them has to be redelivered, with the longest delay; else the worst outcome */
export function combineVerdicts(verdicts: readonly Verdict[]): Verdict {
  const retried = verdicts.flatMap((verdict) => (verdict.ack ? [] : [verdict]));
  const worst = retried.find(({ actionRequired }) => actionRequired) ?? retried[0];
  if (worst) {
    const delays = retried.flatMap(({ retryAfterMs }) => (retryAfterMs === undefined ? [] : [retryAfterMs]));
    return { ...worst, ...(delays.length > 0 ? { retryAfterMs: Math.max(...delays) } : {}) };
  }
  const deadLettered = verdicts.flatMap((verdict) =>
    verdict.ack && verdict.outcome === 'dead-lettered' ? [verdict.reasons] : [],
  );
  if (deadLettered.length > 0) return { ack: true, outcome: 'dead-lettered', reasons: deadLettered.flat() };
  const skipped = verdicts.flatMap((verdict) =>
    verdict.ack && verdict.outcome === 'skipped' ? [verdict.reasons] : [],
  );
  return skipped.length === verdicts.length
    ? { ack: true, outcome: 'skipped', reasons: skipped.flat() }
    : { ack: true, outcome: 'delivered' };
}
