/** Names of the customer groups and stores that a record refers to by id and by key. */
import type { ShopStore } from '../commercetools/schemas.ts';
import type { Warning } from '../klaviyo/change.ts';
import { localizedText } from './fields/text.ts';
import { type EvaluationContext, runOf } from './types.ts';

export interface ShopNames {
  /** By id. A deleted group is missing. */
  groups: ReadonlyMap<string, string>;
  /** By key. A deleted store is missing. */
  stores: ReadonlyMap<string, ShopStore>;
  /** The API client lacks `view_stores`. */
  storesForbidden: boolean;
  businessUnits: readonly string[];
  /** The API client lacks `view_business_units`. */
  businessUnitsForbidden: boolean;
}

export interface NamedRecords {
  groupIds: readonly string[];
  storeKeys: readonly string[];
  /** Customer whose business units are named. */
  associateId?: string | undefined;
}

const noShopNames: ShopNames = {
  groups: new Map(),
  stores: new Map(),
  storesForbidden: false,
  businessUnits: [],
  businessUnitsForbidden: false,
};

/** @throws CommercetoolsError when commercetools can't be read now */
export async function loadShopNames(
  { groupIds, storeKeys, associateId }: NamedRecords,
  { lookups, cause, settings }: Pick<EvaluationContext, 'lookups' | 'cause' | 'settings'>,
): Promise<ShopNames> {
  if (groupIds.length + storeKeys.length === 0 && associateId === undefined) return noShopNames;
  const [groups, stores, businessUnits] = await Promise.all([
    Promise.all(
      [...new Set(groupIds)].map(async (id) => {
        const name = await lookups.nameOf({ typeId: 'customer-group', id }, { run: runOf(cause) });
        return [id, typeof name === 'string' ? name : localizedText(name, settings.preferredLocale)] as const;
      }),
    ),
    Promise.all([...new Set(storeKeys)].map(async (key) => [key, await lookups.store(key)] as const)),
    associateId === undefined ? [] : lookups.businessUnitsOf(associateId),
  ]);
  return {
    groups: new Map(groups.flatMap(([id, name]) => (name ? [[id, name]] : []))),
    stores: new Map(
      stores.flatMap(([key, store]) => (store === undefined || store === 'forbidden' ? [] : [[key, store]])),
    ),
    storesForbidden: stores.some(([, store]) => store === 'forbidden'),
    businessUnits: businessUnits === 'forbidden' ? [] : businessUnits.map(({ name }) => name).toSorted(),
    businessUnitsForbidden: businessUnits === 'forbidden',
  };
}

/** Returns the name of a store in the preferred locale, else its key. */
export function storeName(key: string, { stores }: ShopNames, preferredLocale: string): string {
  return localizedText(stores.get(key)?.name, preferredLocale) ?? key;
}

/** Returns a warning if stores can't be read, so that keys are sent instead of names. */
export function storeWarnings({ storesForbidden }: ShopNames): Warning[] {
  if (!storesForbidden) return [];
  const detail = 'without view_stores the key of a store is sent instead of its name';
  return [{ code: 'store-names-unreadable', detail }];
}
