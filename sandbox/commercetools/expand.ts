/** Implements reference expansion (`expand=paymentInfo.payments[*]`). References to missing records stay unexpanded. */
import { isObject, textField } from './json.ts';
import type { Records } from './records.ts';

/** Returns a copy of the record with the paths expanded. */
export function expand(records: Records, record: unknown, paths: readonly string[]): unknown {
  return paths.reduce<unknown>((value, path) => expandPath(records, value, path.split('.')), record);
}

function expandPath(records: Records, value: unknown, path: readonly string[]): unknown {
  if (Array.isArray(value)) return value.map((element) => expandPath(records, element, path));
  if (!isObject(value)) return value;
  const typeId = textField(value, 'typeId');
  const id = textField(value, 'id');
  if (typeId !== undefined && id !== undefined) return expandReference(records, { ...value, typeId, id }, path);
  const [head, ...rest] = path;
  if (head === undefined) return value;
  const name = head.replace(/\[(?:\*|\d+)\]$/, '');
  return name in value ? { ...value, [name]: expandPath(records, value[name], rest) } : value;
}

function expandReference(
  records: Records,
  reference: { readonly typeId: string; readonly id: string; readonly obj?: unknown },
  path: readonly string[],
): unknown {
  const found = reference.obj ?? records.get(reference.typeId, reference.id);
  return found === undefined ? reference : { ...reference, obj: expandPath(records, found, path) };
}
