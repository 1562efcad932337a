/**
 * Finds the records that a bulk body was refused for: by the errors' pointers, or by halving. An event whose unique_id
 * is recorded already is there, as wanted; halving would never end for those, so they go alone, where repeats are ignored.
 */
import type { KlaviyoError } from '../api/errors.ts';
import { type Place, placeOf } from './operations.ts';

export interface Found<Entry> {
  /** In Klaviyo already. */
  there: Entry[];
  /** Each gets an answer of its own. */
  alone: Entry[];
  /** Bodies to send again. */
  again: Entry[][];
}

/** Fewer than this go alone: sooner done than halved. */
const fewest = 8;

/** @param entries in the order of their places */
export function findRefused<Entry>(
  entries: readonly Entry[],
  { places, failure }: { places: readonly Place[]; failure: { errors: readonly KlaviyoError[] } },
): Found<Entry> {
  const there = new Set<Entry>();
  const alone = new Set<Entry>();
  let repeats = false;
  for (const error of failure.errors) {
    const repeated = isRepeat(error);
    repeats ||= repeated;
    for (const entry of meant(entries, places, error)) (repeated ? there : alone).add(entry);
  }
  const left = entries.filter((entry) => !there.has(entry) && !alone.has(entry));
  const odd = [...alone].filter((entry) => !there.has(entry));
  if (there.size + odd.length > 0) return { there: [...there], alone: odd, again: left.length === 0 ? [] : [left] };
  if (repeats || entries.length < fewest) return { there: [], alone: [...entries], again: [] };
  const middle = entries.length >> 1;
  return { there: [], alone: [], again: [entries.slice(0, middle), entries.slice(middle)] };
}

/** The event with this unique_id is recorded: https://developers.klaviyo.com/en/reference/bulk_create_events */
function isRepeat({ pointer }: KlaviyoError): boolean {
  return pointer?.endsWith('/unique_id') ?? false;
}

function meant<Entry>(entries: readonly Entry[], places: readonly Place[], { pointer }: KlaviyoError): Entry[] {
  const place = placeOf(pointer);
  if (!place) return [];
  return entries.filter((_, position) => {
    const own = places[position];
    return own?.index === place.index && (place.within === undefined || own.within === place.within);
  });
}
