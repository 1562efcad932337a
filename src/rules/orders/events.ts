/** Several events of one order as one word of a rule. */
import type { RuleOutput } from '../types.ts';
import type { OrderEventResult } from './event.ts';

/** The changes of those that are sent, the reasons of those that are not, equal reasons and warnings once. */
export function combineEvents(events: readonly OrderEventResult[]): RuleOutput {
  const skips = new Set<string>();
  const warnings = new Map<string, RuleOutput['warnings'][number]>();
  const sent: RuleOutput['changes'] = [];
  for (const event of events) {
    if ('skip' in event) {
      skips.add(event.skip);
      continue;
    }
    sent.push(event.change);
    for (const warning of event.warnings) warnings.set(`${warning.code} ${warning.detail}`, warning);
  }
  return { changes: sent, skips: [...skips], warnings: [...warnings.values()], followUps: [] };
}
