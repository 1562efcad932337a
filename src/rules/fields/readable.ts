/**
 * Custom fields as templates and segments can use them: `customFields.values: readable`. Raw values are the default, because
 * segments and templates of existing users depend on them. https://docs.commercetools.com/api/projects/types#fieldtype
 */
import { z } from 'zod';
import type { LocalizedString } from '../../commercetools/schema-fields.ts';
import type { CustomType } from '../../commercetools/schemas.ts';
import { majorUnits } from './money.ts';
import { textOfLanguages } from './plain-text.ts';
import { localizedText } from './text.ts';

/** Names of referenced records by type and id, see `referenceKey`. */
export type ReferenceNames = ReadonlyMap<string, string | LocalizedString>;

/** What custom fields need beside their values. */
export interface CustomFieldInfo {
  /** Absent if the type was not read: enums are then shown by their keys. */
  type?: CustomType;
  names: ReferenceNames;
}

export const noFieldInfo: CustomFieldInfo = { names: new Map() };

const reference = z.looseObject({ typeId: z.string(), id: z.string() });
const money = z.looseObject({
  type: z.string().optional(),
  currencyCode: z.string(),
  centAmount: z.number(),
  fractionDigits: z.number().int().min(0).max(20).optional(),
  preciseAmount: z.number().optional(),
});

export interface Reference {
  typeId: string;
  id: string;
}

export function referenceKey({ typeId, id }: Reference): string {
  return `${typeId} ${id}`;
}

/** Returns the references among the values, also those of sets. */
export function referencesIn(fields: Record<string, unknown>): Reference[] {
  return Object.values(fields)
    .flat()
    .flatMap((value) => reference.safeParse(value).data ?? []);
}

/**
 * Returns the fields with localized texts and enums as text, references as the record's name, and money as a number beside
 * `<name>_currency`. A reference whose name is not known stays as it is.
 */
export function readableFields(
  fields: Record<string, unknown>,
  info: CustomFieldInfo,
  preferredLocale: string,
): Record<string, unknown> {
  const readable: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    const labels = labelsOf(name, info.type, preferredLocale);
    const show = (element: unknown) => shown(element, { labels, names: info.names, preferredLocale });
    readable[name] = Array.isArray(value) ? value.map(show) : show(value);
    const currency = currencyOf(value);
    if (currency !== undefined) readable[`${name}_currency`] = currency;
  }
  return readable;
}

/** Returns the label of an enum's key by its type, or undefined for another field or without the type. */
export function enumLabel(
  name: string,
  key: unknown,
  { type }: CustomFieldInfo,
  preferredLocale: string,
): string | undefined {
  return typeof key === 'string' ? labelsOf(name, type, preferredLocale).get(key) : undefined;
}

function shown(
  value: unknown,
  {
    labels,
    names,
    preferredLocale,
  }: { labels: ReadonlyMap<string, string>; names: ReferenceNames; preferredLocale: string },
): unknown {
  if (typeof value === 'string') return labels.get(value) ?? value;
  const amount = money.safeParse(value);
  if (amount.success) return majorUnits(amount.data);
  const referred = reference.safeParse(value);
  if (referred.success) {
    const name = names.get(referenceKey(referred.data));
    return (typeof name === 'string' ? name : localizedText(name, preferredLocale)) ?? value;
  }
  return textOfLanguages(value, preferredLocale) ?? value;
}

function currencyOf(value: unknown): string | string[] | undefined {
  if (!Array.isArray(value)) return money.safeParse(value).data?.currencyCode;
  const currencies = value.flatMap((element) => money.safeParse(element).data?.currencyCode ?? []);
  return currencies.length > 0 ? [...new Set(currencies)] : undefined;
}

function labelsOf(name: string, type: CustomType | undefined, preferredLocale: string): Map<string, string> {
  const field = type?.fieldDefinitions.find((definition) => definition.name === name)?.type;
  const values = field?.values ?? field?.elementType?.values ?? [];
  return new Map(
    values.flatMap(({ key, label }): [string, string][] => {
      const text = typeof label === 'string' ? label : localizedText(label, preferredLocale);
      return text ? [[key, text]] : [];
    }),
  );
}
