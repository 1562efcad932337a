/** Values inside plain data, by their paths: walked, compared, and made into others, for explain. */

export type Leaf = string | number | boolean | null;
export type Path = readonly string[];

/** Every text, number, flag and null in it, in order. */
export function* leavesOf(value: unknown, path: Path = []): Generator<{ path: Path; value: Leaf }> {
  if (isLeaf(value)) yield { path, value };
  for (const [name, inner] of inside(value)) yield* leavesOf(inner, [...path, name]);
}

/** What is directly inside; nothing for a leaf. */
export function inside(value: unknown): [string, unknown][] {
  return typeof value === 'object' && value !== null ? Object.entries(value) : [];
}

/** @returns what stands at the path; undefined where there is nothing */
export function at(value: unknown, path: Path): unknown {
  const [name, ...rest] = path;
  if (name === undefined) return value;
  return inside(value)
    .filter(([own]) => own === name)
    .map(([, inner]) => at(inner, rest))[0];
}

/** A copy with every leaf below the path turned into another value of its kind. */
export function changedBelow<Thing>(thing: Thing, path: Path): Thing {
  const copy = structuredClone(thing);
  for (const leaf of leavesOf(at(copy, path), path)) {
    const holder = at(copy, leaf.path.slice(0, -1));
    const name = leaf.path.at(-1);
    if (name !== undefined && typeof holder === 'object' && holder !== null)
      Reflect.set(holder, name, other(leaf.value));
  }
  return copy;
}

/** Leaves of `before` that are others in `after`, or gone. */
export function* differences(
  before: unknown,
  after: unknown,
  path: Path = [],
): Generator<{ path: Path; gone: boolean }> {
  if (isLeaf(before)) {
    if (before !== after) yield { path, gone: after === undefined };
    return;
  }
  const now = new Map(inside(after));
  for (const [name, value] of inside(before)) yield* differences(value, now.get(name), [...path, name]);
}

const dayMs = 86_400_000;
const time = /^\d{4}-\d\d-\d\dT/;

/** Another value that is likely to be taken too: the next day, one more, another last digit, a letter more. */
function other(value: Leaf): Leaf {
  if (typeof value === 'number') return value + 1;
  if (typeof value === 'boolean') return !value;
  if (value === null) return null;
  const ms = time.test(value) ? Date.parse(value) : Number.NaN;
  if (!Number.isNaN(ms)) return new Date(ms + dayMs).toISOString();
  // A letter behind a phone number would say nothing.
  return /\d$/.test(value) ? `${value.slice(0, -1)}${(Number(value.at(-1)) + 1) % 10}` : `${value}x`;
}

function isLeaf(value: unknown): value is Leaf {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value);
}
