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

type Whole = ApiRecord & JsonObject;

/**
 * The record with proper money (the engine says 0 fraction digits for a cart's total, and none for a changed price),
 * a category with its path.
 */
export function amended(typeId: string, record: Whole, records: Records): Whole {
  const { lowercaseEmail: _, ...shown } = record;
  const proper = properMoney(shown);
  const made = { ...(isObject(proper) ? proper : shown), ...identity(record) };
  return typeId === 'category' ? { ...made, ancestors: ancestorsOf(made, records) } : made;
}

/** A new record with what its draft said and the engine forgot. */
export function completed(
  typeId: string,
  record: Whole,
  { draft, records }: { draft: unknown; records: Records },
): Whole {
  const made = amended(typeId, record, records);
  if (typeId === 'cart') return { ...made, inventoryMode: textField(draft, 'inventoryMode') ?? 'None' };
  if (typeId === 'category') return withoutEmptyTexts(made, ['externalId']);
  if (typeId === 'inventory-entry') return { ...made, ...said(draft, ['key']) };
  if (typeId === 'standalone-price') {
    return { ...made, active: true, ...said(draft, ['key', 'active', 'customerGroup', 'channel', 'recurrencePolicy']) };
  }
  if (typeId !== 'order') return made;
  const cart = records.get('cart', textField(field(made, 'cart'), 'id') ?? '');
  if (cart === undefined) return { ...made, ...said(draft, IMPORTED), returnInfo: [] };
  const inventoryMode = textField(cart, 'inventoryMode') ?? 'None';
  return { ...made, customLineItems: listField(cart, 'customLineItems'), inventoryMode, returnInfo: [] };
}

/** Fields of an import draft that go into the order as they are. */
const IMPORTED = ['completedAt', 'country', 'inventoryMode', 'taxRoundingMode', 'shipmentState', 'paymentInfo'];

/** The named fields of a draft, those that are there. */
function said(draft: unknown, names: readonly string[]): JsonObject {
  const given = names.map((name) => [name, field(draft, name)] as const);
  return Object.fromEntries(given.filter(([, value]) => value !== undefined));
}

function identity({ id, version, createdAt, lastModifiedAt }: ApiRecord): ApiRecord {
  return { id, version, createdAt, lastModifiedAt };
}

/** The path from the top; the engine tells it the other way round. */
function ancestorsOf(category: JsonObject, records: Records): unknown[] {
  const id = textField(field(category, 'parent'), 'id');
  const parent = records.get('category', id ?? '');
  return parent === undefined ? [] : [...listField(parent, 'ancestors'), { typeId: 'category', id }];
}

function withoutEmptyTexts(record: Whole, names: readonly string[]): Whole {
  const kept = Object.entries(record).filter(([name, value]) => !names.includes(name) || value !== '');
  return { ...Object.fromEntries(kept), ...identity(record) };
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
