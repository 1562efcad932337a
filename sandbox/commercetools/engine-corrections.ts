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

type FullRecord = ApiRecord & JsonObject;

/**
 * The record with proper money (the engine says 0 fraction digits for a cart's total, and none for a changed price),
 * a category with its path.
 */
export function correctRecord(typeId: string, record: FullRecord, records: Records): FullRecord {
  const { lowercaseEmail: _, ...shown } = record;
  const withMoney = correctMoney(shown);
  const corrected = { ...(isObject(withMoney) ? withMoney : shown), ...identity(record) };
  return typeId === 'category' ? { ...corrected, ancestors: ancestorsOf(corrected, records) } : corrected;
}

/** A new record with what its draft said and the engine forgot. */
export function addDraftFields(
  typeId: string,
  record: FullRecord,
  { draft, records }: { draft: unknown; records: Records },
): FullRecord {
  const corrected = correctRecord(typeId, record, records);
  if (typeId === 'cart') return { ...corrected, inventoryMode: textField(draft, 'inventoryMode') ?? 'None' };
  if (typeId === 'category') return withoutEmptyTexts(corrected, ['externalId']);
  if (typeId === 'inventory-entry') return { ...corrected, ...draftFields(draft, ['key']) };
  if (typeId === 'standalone-price') {
    return {
      ...corrected,
      active: true,
      ...draftFields(draft, ['key', 'active', 'customerGroup', 'channel', 'recurrencePolicy']),
    };
  }
  if (typeId !== 'order') return corrected;
  const cart = records.get('cart', textField(field(corrected, 'cart'), 'id') ?? '');
  if (cart === undefined) return { ...corrected, ...draftFields(draft, IMPORT_FIELDS), returnInfo: [] };
  const inventoryMode = textField(cart, 'inventoryMode') ?? 'None';
  return { ...corrected, customLineItems: listField(cart, 'customLineItems'), inventoryMode, returnInfo: [] };
}

/** Fields of an import draft that go into the order as they are. */
const IMPORT_FIELDS = ['completedAt', 'country', 'inventoryMode', 'taxRoundingMode', 'shipmentState', 'paymentInfo'];

/** The named fields of a draft, those that are there. */
function draftFields(draft: unknown, names: readonly string[]): JsonObject {
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

function withoutEmptyTexts(record: FullRecord, names: readonly string[]): FullRecord {
  const kept = Object.entries(record).filter(([name, value]) => !names.includes(name) || value !== '');
  return { ...Object.fromEntries(kept), ...identity(record) };
}

function correctMoney(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(correctMoney);
  if (!isObject(value)) return value;
  const currency = textField(value, 'currencyCode');
  if (currency !== undefined && 'centAmount' in value && value.type !== 'highPrecision') {
    return { ...value, type: 'centPrecision', fractionDigits: FRACTION_DIGITS[currency] ?? 2 };
  }
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, correctMoney(inner)]));
}
