/** A merchant's code can't change what it is shown: other rules and hooks look at the same records. */

const known = new WeakSet<object>();

/** Freezes a record of plain data, all the way down. @returns the same record */
export function deepFreeze<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null || known.has(value)) return value;
  known.add(value);
  if (!isPlain(value)) return value;
  for (const child of Object.values(value)) deepFreeze(child);
  return Object.freeze(value);
}

/** Lists and objects as JSON has them; maps, dates and trees keep their ways. */
export function isPlain(value: object): boolean {
  if (Array.isArray(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
