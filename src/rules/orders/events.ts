/** Several events of one order as one word of a rule. */
import type { Written } from '../types.ts';
import type { Event } from './event.ts';

/** The changes of those that are sent, the reasons of those that are not, equal reasons and warnings once. */
export function joined(events: readonly Event[]): Written {
  const skips = new Set<string>();
  const warnings = new Map<string, Written['warnings'][number]>();
  const sent: Written['changes'] = [];
  for (const event of events) {
    if ('skip' in event) {
      skips.add(event.skip);
      continue;
    }
    sent.push(event.change);
    for (const warning of event.warnings) warnings.set(`${warning.code} ${warning.detail}`, warning);
  }
  return { changes: sent, skips: [...skips], warnings: [...warnings.values()], follows: [] };
}
