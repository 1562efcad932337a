/** Warns when orders are imported in large numbers without a date of their own, because each counts as placed now. */
import type { Message } from '../../commercetools/messages.ts';
import { hasOwnDate } from '../../rules/orders/order-date.ts';
import type { RuleEvaluation } from '../../rules/types.ts';

const windowMs = 10 * 60_000;
const maxImports = 100;

const detail =
  `more than ${maxImports} orders without completedAt were imported within ten minutes, and each counts as placed now, ` +
  'so that flows send mails about it: for a history of orders set order.importsAreHistory: true, or import completedAt';

export interface ImportWatch {
  /** Counts an import that sends an event of an order without a date of its own; a redelivery counts once. */
  observe(message: Pick<Message, 'type' | 'id'>, evaluations: readonly RuleEvaluation[]): void;
}

/** @param warn called once per ten minutes at most */
export function createImportWatch(now: () => Date, warn: (detail: string) => void): ImportWatch {
  /** Time of arrival in milliseconds by message id, oldest first. */
  const imports = new Map<string, number>();
  let lastWarningAt = Number.NEGATIVE_INFINITY;
  return {
    observe({ type, id }, evaluations) {
      if (type !== 'OrderImported' || imports.has(id) || !evaluations.some(countsAsPlacedNow)) return;
      const at = now().getTime();
      imports.set(id, at);
      for (const [oldId, oldAt] of imports) {
        if (at - oldAt < windowMs && imports.size <= maxImports + 1) break;
        imports.delete(oldId);
      }
      if (imports.size <= maxImports || at - lastWarningAt < windowMs) return;
      lastWarningAt = at;
      warn(detail);
    },
  };
}

function countsAsPlacedNow(evaluation: RuleEvaluation): boolean {
  if (evaluation.outcome !== 'mapped') return false;
  return evaluation.output.changes.some(
    (change) => change.type === 'event' && change.order !== undefined && !hasOwnDate(change.order),
  );
}
