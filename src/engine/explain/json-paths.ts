/** Walks, compares and changes values inside plain data by their paths. */

export type Leaf = string | number | boolean | null;
export type Path = readonly string[];

/** @yields every string, number, boolean and null below a value, in order */
export function* leavesOf(value: unknown, path: Path = []): Generator<{ path: Path; value: Leaf }> {
  if (isLeaf(value)) yield { path, value };
  for (const [name, inner] of entriesOf(value)) yield* leavesOf(inner, [...path, name]);
}

/** @returns the members of an object or list; none for a leaf */
export function entriesOf(value: unknown): [string, unknown][] {
  return typeof value === 'object' && value !== null ? Object.entries(value) : [];
}

/** @returns the value at the path, or undefined */
export function valueAt(value: unknown, path: Path): unknown {
  const [name, ...rest] = path;
  if (name === undefined) return value;
  return valueAt(new Map(entriesOf(value)).get(name), rest);
}

/** @returns a copy in which every leaf below the path has another value of the same type */
export function withChangedLeaves<Value>(value: Value, path: Path): Value {
  const copy = structuredClone(value);
  for (const leaf of leavesOf(valueAt(copy, path), path)) {
    const holder = valueAt(copy, leaf.path.slice(0, -1));
    const name = leaf.path.at(-1);
    if (name !== undefined && typeof holder === 'object' && holder !== null)
      Reflect.set(holder, name, changedLeaf(leaf.value));
  }
  return copy;
}

/** @yields the paths of leaves of `before` that differ in `after`, or are absent there */
export function* differences(
  before: unknown,
  after: unknown,
  path: Path = [],
): Generator<{ path: Path; removed: boolean }> {
  if (isLeaf(before)) {
    if (before !== after) yield { path, removed: after === undefined };
    return;
  }
  const members = new Map(entriesOf(after));
  for (const [name, value] of entriesOf(before)) yield* differences(value, members.get(name), [...path, name]);
}

const dayMs = 86_400_000;
const isoTime = /^\d{4}-\d\d-\d\dT/;

/** @returns a value that is likely to be valid too: the next day, one more, another last digit, one more letter */
function changedLeaf(value: Leaf): Leaf {
  if (typeof value === 'number') return value + 1;
  if (typeof value === 'boolean') return !value;
  if (value === null) return null;
  const ms = isoTime.test(value) ? Date.parse(value) : Number.NaN;
  if (!Number.isNaN(ms)) return new Date(ms + dayMs).toISOString();
  // A letter behind a phone number would make it invalid.
  return /\d$/.test(value) ? `${value.slice(0, -1)}${(Number(value.at(-1)) + 1) % 10}` : `${value}x`;
}

export function isLeaf(value: unknown): value is Leaf {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value);
}
