/** What the engine leaves out of the resources it makes, put right. */
import { type ApiRecord, field, isObject, type JsonObject, listField, textField } from './json.ts';
import type { Records } from './records.ts';

/** ISO 4217 where it is not 2. */
const FRACTION_DIGITS: Readonly<Record<string, number>> = {
  BHD: 3,
  CLP: 0,
  IQD: 3,
  ISK: 0,
  JOD: 3,
  JPY: 0,
  KRW: 0,
  KWD: 3,
  LYD: 3,
  OMR: 3,
  TND: 3,
  VND: 0,
};

/** The record with proper money: the engine says 0 fraction digits for a cart's total, and none for a changed price. */
export function amended(record: ApiRecord & JsonObject): ApiRecord & JsonObject {
  const { id, version, createdAt, lastModifiedAt } = record;
  const proper = properMoney(record);
  return { ...(isObject(proper) ? proper : record), id, version, createdAt, lastModifiedAt };
}

/** A new record with what its draft said and the engine forgot. */
export function completed(
  typeId: string,
  record: ApiRecord & JsonObject,
  draft: unknown,
  records: Records,
): ApiRecord & JsonObject {
  const made = amended(record);
  if (typeId === 'cart') return { ...made, inventoryMode: textField(draft, 'inventoryMode') ?? 'None' };
  if (typeId === 'category') return withoutEmptyTexts(made, ['externalId']);
  if (typeId !== 'order') return made;
  const cart = records.get('cart', textField(field(made, 'cart'), 'id') ?? '');
  if (cart === undefined) return made;
  const inventoryMode = textField(cart, 'inventoryMode') ?? 'None';
  return { ...made, customLineItems: listField(cart, 'customLineItems'), inventoryMode, returnInfo: [] };
}

function withoutEmptyTexts(record: ApiRecord & JsonObject, names: readonly string[]): ApiRecord & JsonObject {
  const kept = Object.entries(record).filter(([name, value]) => !names.includes(name) || value !== '');
  const { id, version, createdAt, lastModifiedAt } = record;
  return { ...Object.fromEntries(kept), id, version, createdAt, lastModifiedAt };
}

function properMoney(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(properMoney);
  if (!isObject(value)) return value;
  const currency = textField(value, 'currencyCode');
  if (currency !== undefined && 'centAmount' in value && value.type !== 'highPrecision') {
    return { ...value, type: 'centPrecision', fractionDigits: FRACTION_DIGITS[currency] ?? 2 };
  }
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, properMoney(inner)]));
}
