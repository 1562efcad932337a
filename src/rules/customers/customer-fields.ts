/** Fields of a customer as profile properties: `customer.fields`. */
import type { Customer } from '../../commercetools/schemas.ts';
import type { Warning } from '../../klaviyo/change.ts';
import { type CustomerField, customerFieldNames } from '../customer-field-names.ts';
import { hasValue } from '../fields/properties.ts';
import type { RuleSettings } from '../settings.ts';
import { type NamedRecords, type ShopNames, storeName, storeWarnings } from '../shop-names.ts';

/** Returns the groups and stores of a customer whose names the settings ask for. */
export function namedIn(customer: Customer, { customer: { fields } }: RuleSettings): NamedRecords {
  const asksForGroups = fields.customerGroup !== null || fields.customerGroups !== null;
  return {
    groupIds: asksForGroups ? groupIdsOf(customer) : [],
    storeKeys: fields.stores === null ? [] : customer.stores.map(({ key }) => key),
    associateId: fields.businessUnits === null ? undefined : customer.id,
  };
}

/** Returns the properties under their configured names. A field without a value is left out, and so never unset. */
export function customerFieldProperties(
  { customer, shopNames }: { customer: Customer; shopNames: ShopNames },
  settings: RuleSettings,
): { properties: Record<string, unknown>; warnings: Warning[] } {
  const properties: Record<string, unknown> = {};
  for (const field of fieldsOf(customerFieldNames)) {
    const name = settings.customer.fields[field];
    if (name === null) continue;
    const value = values[field](customer, shopNames, settings.preferredLocale);
    if (hasValue(value) && !(Array.isArray(value) && value.length === 0)) properties[name] = value;
  }
  return { properties, warnings: [...storeWarnings(shopNames), ...businessUnitWarnings(shopNames)] };
}

function businessUnitWarnings({ businessUnitsForbidden }: ShopNames): Warning[] {
  if (!businessUnitsForbidden) return [];
  return [
    { code: 'business-units-unreadable', detail: 'without view_business_units no names of business units are sent' },
  ];
}

type Value = (customer: Customer, names: ShopNames, preferredLocale: string) => unknown;

const values: Record<CustomerField, Value> = {
  customerGroup: ({ customerGroup }, { groups }) => customerGroup && groups.get(customerGroup.id),
  customerGroups: (customer, { groups }) => groupIdsOf(customer).flatMap((id) => groups.get(id) ?? []),
  stores: ({ stores }, names, preferredLocale) => stores.map(({ key }) => storeName(key, names, preferredLocale)),
  businessUnits: (_customer, { businessUnits }) => businessUnits,
  customerNumber: ({ customerNumber }) => customerNumber,
  createdAt: ({ createdAt }) => createdAt,
  isEmailVerified: ({ isEmailVerified }) => isEmailVerified,
  dateOfBirth: ({ dateOfBirth }) => dateOfBirth,
  salutation: ({ salutation }) => salutation,
};

/** A customer has its group in `customerGroup`, and further ones in `customerGroupAssignments`. */
function groupIdsOf({ customerGroup, customerGroupAssignments = [] }: Customer): string[] {
  const assigned = customerGroupAssignments.map((assignment) => assignment.customerGroup.id);
  return [...new Set([...(customerGroup ? [customerGroup.id] : []), ...assigned])];
}

function fieldsOf<Name extends string>(record: Record<Name, unknown>): Name[] {
  return Object.keys(record).filter((name): name is Name => name in record);
}
