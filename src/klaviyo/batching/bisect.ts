/**
 * Finds the records that a bulk body was refused for: by the errors' pointers, or by halving. An event whose unique_id
 * is recorded already is there, as wanted; halving would never end for those, so they go alone, where repeats are ignored.
 */
import type { KlaviyoError } from '../api/errors.ts';
import { type BodyPosition, positionOf } from './operations.ts';

export interface SplitResult<Entry> {
  /** In Klaviyo already. */
  recorded: Entry[];
  /** Each gets an answer of its own. */
  single: Entry[];
  /** Bodies to send again. */
  retry: Entry[][];
}

/** Fewer than this go alone: sooner done than halved. */
const fewest = 8;

/** @param entries in the order of their places */
export function splitRejected<Entry>(
  entries: readonly Entry[],
  { places, failure }: { places: readonly BodyPosition[]; failure: { errors: readonly KlaviyoError[] } },
): SplitResult<Entry> {
  const recorded = new Set<Entry>();
  const single = new Set<Entry>();
  let repeats = false;
  for (const error of failure.errors) {
    const repeated = isRepeat(error);
    repeats ||= repeated;
    for (const entry of meant(entries, places, error)) (repeated ? recorded : single).add(entry);
  }
  const left = entries.filter((entry) => !recorded.has(entry) && !single.has(entry));
  const odd = [...single].filter((entry) => !recorded.has(entry));
  if (recorded.size + odd.length > 0)
    return { recorded: [...recorded], single: odd, retry: left.length === 0 ? [] : [left] };
  if (repeats || entries.length < fewest) return { recorded: [], single: [...entries], retry: [] };
  const middle = entries.length >> 1;
  return { recorded: [], single: [], retry: [entries.slice(0, middle), entries.slice(middle)] };
}

/** The event with this unique_id is recorded: https://developers.klaviyo.com/en/reference/bulk_create_events */
function isRepeat({ pointer }: KlaviyoError): boolean {
  return pointer?.endsWith('/unique_id') ?? false;
}

function meant<Entry>(entries: readonly Entry[], places: readonly BodyPosition[], { pointer }: KlaviyoError): Entry[] {
  const place = positionOf(pointer);
  if (!place) return [];
  return entries.filter((_, position) => {
    const own = places[position];
    return own?.index === place.index && (place.within === undefined || own.within === place.within);
  });
}
