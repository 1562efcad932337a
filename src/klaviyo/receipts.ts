/** An answer as a receipt. */

import type { ApiResult } from './api/client.ts';
import type { ApiFailure } from './api/errors.ts';
import type { Receipt, Warning } from './change.ts';

export const delivered: Receipt = { outcome: 'delivered' };

/** @param failure what Klaviyo, or the way to it, said */
export function receiptOfFailure(failure: ApiFailure): Receipt {
  switch (failure.type) {
    case 'rejected': {
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
    case 'unauthorized':
    case 'forbidden':
      return { outcome: 'unavailable', reason: failure.reason, actionRequired: true };
  }
}

/** @param answer the last one: what became of the record */
export function receiptOfResult(answer: ApiResult): Receipt {
  return answer.ok ? delivered : receiptOfFailure(answer.failure);
}

/** The receipt with these warnings in front of its own. */
export function withWarnings(receipt: Receipt, warnings: readonly Warning[]): Receipt {
  return warnings.length === 0 ? receipt : { ...receipt, warnings: [...warnings, ...(receipt.warnings ?? [])] };
}
