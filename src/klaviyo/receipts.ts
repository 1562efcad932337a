/** Converts API results into receipts. */

import { omitUndefined } from '../lib/omit-undefined.ts';
import type { ApiResult } from './api/client.ts';
import type { ApiFailure } from './api/errors.ts';
import type { Receipt, Warning } from './change.ts';

export const delivered: Receipt = { outcome: 'delivered' };

export function receiptOfFailure(failure: ApiFailure): Receipt {
  switch (failure.type) {
    case 'rejected': {
      const { code, detail, pointer, errorId } = failure.errors[0] ?? { code: String(failure.status), detail: '' };
      return omitUndefined({ outcome: 'rejected' as const, code, detail, field: pointer, errorId });
    }
    case 'unavailable': {
      const { reason, retryAfterMs } = failure;
      return omitUndefined({ outcome: 'unavailable' as const, reason, retryAfterMs });
    }
    case 'unauthorized':
    case 'forbidden':
    case 'retired':
      return { outcome: 'unavailable', reason: failure.reason, actionRequired: true };
  }
}

/** @param result the result of the change's last request */
export function receiptOfResult(result: ApiResult): Receipt {
  return result.ok ? delivered : receiptOfFailure(result.failure);
}

/** An optional attribute that Klaviyo rejected: the record was written without it. */
export function leftOut(attribute: string, reason = 'Klaviyo rejects it'): Warning {
  return { code: 'attribute-left-out', detail: `${attribute} left out: ${reason}` };
}

/** @returns the receipt with these warnings before its own; without them if nothing was written */
export function withWarnings(receipt: Receipt, warnings: readonly Warning[]): Receipt {
  return warnings.length === 0 || receipt.outcome !== 'delivered'
    ? receipt
    : { ...receipt, warnings: [...warnings, ...(receipt.warnings ?? [])] };
}
