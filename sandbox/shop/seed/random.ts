/** Seeded random generator: the same seed produces the same shop. */
import { createHash } from 'node:crypto';

export interface Random {
  /** Returns a number from 0 (inclusive) to 1 (exclusive). */
  next(): number;
  /** Returns an integer, both bounds inclusive. */
  between(low: number, high: number): number;
  pick<T>(list: readonly [T, ...T[]]): T;
  pickSome<T>(list: readonly T[], count: number): T[];
  chance(share: number): boolean;
  /** Returns an ISO 8601 time in a range of days after 2023-01-01. */
  instant(fromDay: number, toDay: number): string;
}

const EPOCH = Date.parse('2023-01-01T00:00:00.000Z');
const DAY_MS = 86_400_000;

/** Creates a generator (mulberry32, sufficient for test data). */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const between = (low: number, high: number): number => low + Math.floor(next() * (high - low + 1));
  return {
    next,
    between,
    pick: (list) => list[between(0, list.length - 1)] ?? list[0],
    pickSome: (list, count) => {
      const rest = [...list];
      return Array.from({ length: Math.min(count, rest.length) }).flatMap(() =>
        rest.splice(between(0, rest.length - 1), 1),
      );
    },
    chance: (share) => next() < share,
    instant: (fromDay, toDay) => new Date(EPOCH + between(fromDay * DAY_MS, toDay * DAY_MS)).toISOString(),
  };
}

/** Returns a deterministic UUID for a name. */
export function idOf(name: string): string {
  const hex = createHash('sha256').update(name).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  );
}
