/** An answer as a receipt. */

import type { Answer } from './api/client.ts';
import type { Failure } from './api/errors.ts';
import type { Receipt, Warning } from './change.ts';

export const delivered: Receipt = { outcome: 'delivered' };

/** @param failure what Klaviyo, or the way to it, said */
export function receiptOf(failure: Failure): Receipt {
  switch (failure.kind) {
    case 'refused': {
      const error = failure.errors[0] ?? { code: String(failure.status), detail: '' };
      return {
        outcome: 'rejected',
        code: error.code,
        detail: error.detail,
        ...(error.pointer === undefined ? {} : { field: error.pointer }),
      };
    }
    case 'unavailable':
      return {
        outcome: 'unavailable',
        reason: failure.reason,
        ...(failure.retryAfterMs === undefined ? {} : { retryAfterMs: failure.retryAfterMs }),
      };
    case 'key-refused':
      return { outcome: 'unavailable', reason: failure.reason, alarm: true };
  }
}

/** @param answer the last one: what became of the record */
export function receiptFor(answer: Answer): Receipt {
  return answer.ok ? delivered : receiptOf(answer.failure);
}

/** The receipt with these warnings in front of its own. */
export function warned(receipt: Receipt, warnings: readonly Warning[]): Receipt {
  return warnings.length === 0 ? receipt : { ...receipt, warnings: [...warnings, ...(receipt.warnings ?? [])] };
}
