/** Loads what readable custom fields need: the type with the labels of enums, and the names of referenced records. */
import type { Lookups } from '../commercetools/lookups/types.ts';
import type { CustomFields } from '../commercetools/schema-fields.ts';
import { omitUndefined } from '../lib/omit-undefined.ts';
import {
  type CustomFieldInfo,
  noFieldInfo,
  type ReferenceNames,
  referenceKey,
  referencesIn,
} from './fields/readable.ts';

export interface CustomFieldNeeds {
  type: boolean;
  names: boolean;
}

export async function customFieldInfo(
  custom: CustomFields | undefined,
  needs: CustomFieldNeeds,
  lookups: Pick<Lookups, 'customType' | 'nameOf'>,
): Promise<CustomFieldInfo> {
  const { fields } = custom ?? {};
  if (!fields || Object.keys(fields).length === 0) return noFieldInfo;
  const typeId = custom?.type?.id;
  const [type, names] = await Promise.all([
    needs.type && typeId !== undefined ? lookups.customType(typeId) : undefined,
    needs.names ? namesIn(fields, lookups) : noFieldInfo.names,
  ]);
  return omitUndefined({ type: type === 'forbidden' ? undefined : type, names });
}

async function namesIn(fields: Record<string, unknown>, lookups: Pick<Lookups, 'nameOf'>): Promise<ReferenceNames> {
  const references = new Map(referencesIn(fields).map((reference) => [referenceKey(reference), reference]));
  const found = await Promise.all(
    [...references].map(async ([key, reference]) => [key, await lookups.nameOf(reference)] as const),
  );
  return new Map(found.flatMap(([key, name]) => (name === undefined ? [] : [[key, name]])));
}
