/** Finding what differs between a record before and after. */
import { isDeepStrictEqual } from 'node:util';
import { field, textField } from '../json.ts';
import type { MessageBody } from '../payloads.ts';

/** Runs `say` when the named field differs. */
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
  /** Pairs of before and after. */
  readonly changed: readonly (readonly [unknown, unknown])[];
}

/** What was added to, removed from and changed in a list whose elements carry an `id`. */
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
