/** Splits a rejected bulk body: isolates the records that the errors point at, or bisects it when no pointer matches. */
import type { KlaviyoError } from '../api/errors.ts';
import { type BodyPosition, positionOf } from './bulk-body.ts';

export interface SplitResult<Entry> {
  /** Events that Klaviyo has recorded already. */
  recorded: Entry[];
  /** To be sent in single requests, so that each has a result of its own. */
  single: Entry[];
  retry: Entry[][];
}

/** Smaller bodies are sent in single requests, which takes fewer requests than bisection. */
const minBisected = 8;

/** @param entries in the order of `positions` */
export function splitRejected<Entry>(
  entries: readonly Entry[],
  { positions, failure }: { positions: readonly BodyPosition[]; failure: { errors: readonly KlaviyoError[] } },
): SplitResult<Entry> {
  const recorded = new Set<Entry>();
  const matched = new Set<Entry>();
  let hasDuplicates = false;
  for (const error of failure.errors) {
    const isDuplicate = isRecordedEvent(error);
    hasDuplicates ||= isDuplicate;
    for (const entry of entriesAt(entries, positions, error)) (isDuplicate ? recorded : matched).add(entry);
  }
  const single = [...matched].filter((entry) => !recorded.has(entry));
  if (recorded.size + single.length > 0) {
    const rest = entries.filter((entry) => !recorded.has(entry) && !matched.has(entry));
    return { recorded: [...recorded], single, retry: rest.length === 0 ? [] : [rest] };
  }
  // Bisection would not terminate for recorded events: Klaviyo rejects them in every bulk body, but accepts them singly.
  if (hasDuplicates || entries.length < minBisected) return { recorded: [], single: [...entries], retry: [] };
  const middle = entries.length >> 1;
  return { recorded: [], single: [], retry: [entries.slice(0, middle), entries.slice(middle)] };
}

/** Klaviyo has an event with this unique_id: https://developers.klaviyo.com/en/reference/bulk_create_events */
function isRecordedEvent({ pointer }: KlaviyoError): boolean {
  return pointer?.endsWith('/unique_id') ?? false;
}

function entriesAt<Entry>(
  entries: readonly Entry[],
  positions: readonly BodyPosition[],
  { pointer }: KlaviyoError,
): Entry[] {
  const target = positionOf(pointer);
  if (!target) return [];
  return entries.filter((_, entryIndex) => {
    const position = positions[entryIndex];
    return position?.index === target.index && (target.within === undefined || position.within === target.within);
  });
}
