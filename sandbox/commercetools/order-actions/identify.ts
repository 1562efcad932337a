/** What update actions of orders refer to, by id or by key. */
import { field, type JsonObject, textField } from '../json.ts';
import type { Records } from '../records.ts';

/** Returns whether an action means this part of the order. */
export function isMeant(part: JsonObject, { id, key }: { id: unknown; key: unknown }): boolean {
  return id === undefined ? key !== undefined && part.key === key : part.id === id;
}

/** Returns the reference of a resource identifier, or undefined if there is no such record. */
export function referenceTo(
  typeId: string,
  identifier: unknown,
  records: Records,
): { typeId: string; id: string } | undefined {
  const [id, key] = [textField(identifier, 'id'), textField(identifier, 'key')];
  const found = id === undefined ? records.findBy(typeId, 'key', key ?? '')[0] : records.get(typeId, id);
  return found && { typeId, id: found.id };
}

/** Returns the custom fields of a draft, with the type as a reference. */
export function customFieldsOf(draft: unknown, records: Records): { custom?: JsonObject } {
  const custom = field(draft, 'custom');
  const type = referenceTo('type', field(custom, 'type'), records);
  return type === undefined ? {} : { custom: { type, fields: field(custom, 'fields') ?? {} } };
}
