/** Messages of customers. */
import type { Change } from '../changes.ts';
import { field, listField, textField } from '../json.ts';
import type { MessageBody } from '../payloads.ts';
import { listDifference, whenChanged } from './compare.ts';

/** Fields whose message is called `Customer<Name>Set` and contains only the field. */
const PLAIN_FIELD_MESSAGES: readonly (readonly [string, string])[] = [
  ['firstName', 'CustomerFirstNameSet'],
  ['lastName', 'CustomerLastNameSet'],
  ['title', 'CustomerTitleSet'],
  ['companyName', 'CustomerCompanyNameSet'],
  ['dateOfBirth', 'CustomerDateOfBirthSet'],
  ['externalId', 'CustomerExternalIdSet'],
  ['customerGroup', 'CustomerGroupSet'],
  ['stores', 'CustomerStoresSet'],
];

/** Returns the messages of a customer change. Locale, salutation and key send none. */
export function customerMessages({ before, after }: Change): MessageBody[] {
  if (after === undefined) return [{ type: 'CustomerDeleted', email: textField(before, 'email') }];
  if (before === undefined) return [{ type: 'CustomerCreated', customer: after }];
  return [
    ...whenChanged(before, after, 'email', (email, oldEmail) => ({ type: 'CustomerEmailChanged', email, oldEmail })),
    ...PLAIN_FIELD_MESSAGES.flatMap(([name, type]) =>
      whenChanged(before, after, name, (current) => ({ type, [name]: current })),
    ),
    ...addressMessages(before, after),
    ...whenChanged(before, after, 'defaultBillingAddressId', (id) => ({
      type: 'CustomerDefaultBillingAddressSet',
      address: addressOf(after, id),
    })),
    ...whenChanged(before, after, 'defaultShippingAddressId', (id) => ({
      type: 'CustomerDefaultShippingAddressSet',
      address: addressOf(after, id),
    })),
    ...customMessages(field(before, 'custom'), field(after, 'custom')),
  ];
}

function customMessages(before: unknown, after: unknown): MessageBody[] {
  const [previousTypeId, typeId] = [before, after].map((custom) => textField(field(custom, 'type'), 'id'));
  if (after === undefined) return before === undefined ? [] : [{ type: 'CustomerCustomTypeRemoved', previousTypeId }];
  if (previousTypeId !== typeId) return [{ type: 'CustomerCustomTypeSet', customFields: after, previousTypeId }];
  const [old, current] = [recordOf(field(before, 'fields')), recordOf(field(after, 'fields'))];
  return [...new Set([...Object.keys(old), ...Object.keys(current)])].flatMap((name): MessageBody[] => {
    if (!(name in current)) return [{ type: 'CustomerCustomFieldRemoved', name }];
    if (!(name in old)) return [{ type: 'CustomerCustomFieldAdded', name, value: current[name] }];
    return whenChanged(old, current, name, (value, previousValue) => ({
      ...{ type: 'CustomerCustomFieldChanged', name, value, previousValue },
    }));
  });
}

function recordOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function addressMessages(before: unknown, after: unknown): MessageBody[] {
  const { added, removed, changed } = listDifference(listField(before, 'addresses'), listField(after, 'addresses'));
  return [
    ...added.map((address) => ({ type: 'CustomerAddressAdded', address })),
    ...removed.map((address) => ({ type: 'CustomerAddressRemoved', address, addressRoles: rolesOf(before, address) })),
    ...changed.map(([, address]) => ({
      type: 'CustomerAddressChanged',
      address,
      addressRoles: rolesOf(after, address),
    })),
  ];
}

function addressOf(customer: unknown, id: unknown): unknown {
  return listField(customer, 'addresses').find((address) => field(address, 'id') === id);
}

function rolesOf(customer: unknown, address: unknown): unknown[] {
  const id = textField(address, 'id');
  const roles: string[] = [];
  if (listField(customer, 'billingAddressIds').includes(id)) roles.push('Billing');
  if (listField(customer, 'shippingAddressIds').includes(id)) roles.push('Shipping');
  return roles.map((type) => ({ type, isDefault: field(customer, `default${type}AddressId`) === id }));
}
