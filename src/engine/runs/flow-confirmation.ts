/** Confirmation of syncs whose events can trigger flows, which e-mail customers: those with `backfill: false`. */
import { z } from 'zod';
import type { BulkResource } from '../../commercetools/schemas.ts';
import type { RunRequest } from './run.ts';

/** Value of `confirm` in a request and in a schedule. */
export const flowConfirmation = 'flows';

export const flowCountSchema = z.object({
  /** At most: Klaviyo ignores an event that it has recorded already. */
  events: z.int().describe('events that can trigger flows, at most'),
  records: z.int().describe('records that the sync reads'),
  isExact: z.boolean().describe('false: events is an estimate from the first records'),
});
export type FlowCount = z.infer<typeof flowCountSchema>;

/**
 * @returns undefined if the sync sends no event that can trigger flows. Rejects with a CommercetoolsError or LookupUnavailable
 * if the records can't be read now
 */
export type CountFlowEvents = (resource: BulkResource, request: RunRequest) => Promise<FlowCount | undefined>;

/** @returns such as "this sync of orders sends up to 12 events that can trigger flows (5 records)" */
export function describeFlowCount(resource: BulkResource, { events, records, isExact }: FlowCount): string {
  const [about, of] = [isExact ? 'up to' : 'about', `${number(records)} record${records === 1 ? '' : 's'}`];
  return `this sync of ${resource} sends ${about} ${number(events)} event${events === 1 ? '' : 's'} that can trigger flows (${of})`;
}

function number(value: number): string {
  return value.toLocaleString('en');
}
