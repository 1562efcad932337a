/** Compares a record before and after a change. */
import { isDeepStrictEqual } from 'node:util';
import { field, textField } from '../json.ts';
import type { MessageBody } from '../payloads.ts';

/** Returns the result of `toMessage` if the named field changed. */
export function whenChanged(
  before: unknown,
  after: unknown,
  name: string,
  toMessage: (current: unknown, previous: unknown) => MessageBody,
): MessageBody[] {
  const [previous, current] = [field(before, name), field(after, name)];
  return isDeepStrictEqual(previous, current) ? [] : [toMessage(current, previous)];
}

export interface ListDifference {
  readonly added: readonly unknown[];
  readonly removed: readonly unknown[];
  /** Pairs of the previous and the current element. */
  readonly changed: readonly (readonly [unknown, unknown])[];
}

/** Returns the elements added to, removed from and changed in a list. Elements are identified by `idOf`. */
export function listDifference(
  before: readonly unknown[],
  after: readonly unknown[],
  idOf: (element: unknown) => unknown = (element) => textField(element, 'id'),
): ListDifference {
  const previous = new Map(before.map((element) => [idOf(element), element]));
  const current = new Map(after.map((element) => [idOf(element), element]));
  return {
    added: after.filter((element) => !previous.has(idOf(element))),
    removed: before.filter((element) => !current.has(idOf(element))),
    changed: after.flatMap((element) => {
      const old = previous.get(idOf(element));
      return old === undefined || isDeepStrictEqual(old, element) ? [] : [[old, element] as const];
    }),
  };
}
