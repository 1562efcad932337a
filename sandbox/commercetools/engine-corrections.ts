/** Corrects and completes resources that the engine creates. */
import { withLineTimes } from './carts.ts';
import { type ApiRecord, field, isObject, type JsonObject, listField, textField } from './json.ts';
import type { Records } from './records.ts';

/** Fraction digits per ISO 4217 of currencies that do not have two. */
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

/** Returns the number of fraction digits of a currency. */
export function fractionDigitsOf(currency: string): number {
  return FRACTION_DIGITS[currency] ?? 2;
}

type FullRecord = ApiRecord & JsonObject;

/**
 * Returns the record with correct money (the engine sets 0 fraction digits on a cart's total, and none on a changed
 * price) and, for a category, its ancestors.
 */
export function correctRecord(typeId: string, record: FullRecord, records: Records): FullRecord {
  const { lowercaseEmail: _, ...shown } = record;
  const withMoney = correctMoney(shown);
  const corrected = { ...(isObject(withMoney) ? withMoney : shown), ...identity(record) };
  return typeId === 'category' ? { ...corrected, ancestors: ancestorsOf(corrected, records) } : corrected;
}

/** Returns a new record with the draft fields that the engine drops. */
export function addDraftFields(
  typeId: string,
  record: FullRecord,
  { draft, records }: { draft: unknown; records: Records },
): FullRecord {
  const corrected = correctRecord(typeId, record, records);
  if (typeId === 'cart') {
    const drafted = { inventoryMode: textField(draft, 'inventoryMode') ?? 'None', ...draftFields(draft, ['key']) };
    return withLineTimes({ ...corrected, ...drafted }, undefined);
  }
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

/** Fields of an import draft that are copied to the order. */
const IMPORT_FIELDS = ['completedAt', 'country', 'inventoryMode', 'taxRoundingMode', 'shipmentState', 'paymentInfo'];

/** Returns the given fields of a draft that are present. */
function draftFields(draft: unknown, names: readonly string[]): JsonObject {
  const given = names.map((name) => [name, field(draft, name)] as const);
  return Object.fromEntries(given.filter(([, value]) => value !== undefined));
}

function identity({ id, version, createdAt, lastModifiedAt }: ApiRecord): ApiRecord {
  return { id, version, createdAt, lastModifiedAt };
}

/** Returns the ancestors from the root down; the engine returns them in reverse order. */
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
    return { ...value, type: 'centPrecision', fractionDigits: fractionDigitsOf(currency) };
  }
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, correctMoney(inner)]));
}
