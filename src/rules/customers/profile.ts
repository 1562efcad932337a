/** Profile: sends a customer as it is now. https://developers.klaviyo.com/en/reference/create_or_update_profile */
import type { Customer } from '../../commercetools/schemas.ts';
import type { JsonObject, Profile, ProfileChange, Warning } from '../../klaviyo/change.ts';
import { locationOf, profileAddress } from '../fields/address.ts';
import { isEmail } from '../fields/email.ts';
import { fitProperties, jsonBytes } from '../fields/json-limits.ts';
import { profileLocale } from '../fields/locale.ts';
import { phoneOf } from '../fields/phone.ts';
import { filtered, hasValue, passes, propertyName } from '../fields/properties.ts';
import { readableFields } from '../fields/readable.ts';
import { cutText, maxAttributeBytes, present } from '../fields/text.ts';
import type { RuleSettings } from '../settings.ts';
import { changes, changeTrigger, messageTriggers, originOf, type Rule, type RuleOutput, skip } from '../types.ts';
import { customerFieldProperties } from './customer-fields.ts';
import type { CustomerFacts } from './facts.ts';
import { removalMessages } from './removed-fields.ts';
import { idOwner } from './shared-email.ts';

/** Klaviyo accepts profiles of up to 100 KB. The envelope around the attributes needs less than 1 KB. */
const maxProfileBytes = 99_000;

export const profile: Rule<CustomerFacts> = {
  name: 'profile',
  summary: 'A customer was created or changed: the profile gets the current data of the customer.',
  sends: 'profile',
  settings: [
    'customer.customFields.properties',
    'customer.customFields.values',
    'customer.fields',
    'customer.clearEmpty',
    'customer.clearInBulk',
    'customer.identityConflict',
    'customer.deduplication.enabled',
  ],
  bulk: 'customers',
  triggers: () => [
    ...messageTriggers('customer', ['CustomerCreated'], 'CustomerCreated'),
    changeTrigger('customer', 'ResourceUpdated', 'CustomerResourceUpdated'),
    ...messageTriggers('customer', removalMessages, 'CustomerResourceUpdated'),
  ],
  map(facts, settings) {
    const { customer, sharing, removed, cause } = facts;
    const email = present(customer.email);
    if (email === undefined || !isEmail(email)) return withoutEmail(email);
    const warnings: Warning[] = [...removed.warnings];
    const attributes: Profile = {
      email,
      ...identityOf(customer, sharing, warnings),
      ...namesOf(customer, settings),
      ...contactOf(customer, settings, warnings),
    };
    const isBulk = originOf(cause).type === 'run';
    const fields = customerFieldProperties(facts, settings);
    warnings.push(...fields.warnings);
    const fitted = fitProfile(attributes, propertiesOf(facts, { isBulk, fields: fields.properties }, settings));
    warnings.push(...fitted.warnings);
    const change: ProfileChange = {
      type: 'profile',
      customerId: customer.id,
      profile: fitted.profile,
      identityConflict: settings.customer.identityConflict,
      emailFirst: settings.customer.deduplication.enabled,
      ...(settings.customer.clearInBulk ? writtenNamesOf(isBulk, fields.properties) : {}),
    };
    return changes([change], { warnings });
  },
};

function withoutEmail(email: string | undefined): RuleOutput {
  const reason = email === undefined ? 'the customer has no e-mail' : 'the customer has no valid e-mail';
  return { ...skip(reason), warnings: [{ code: 'invalid_email', detail: `${reason}, so there is no profile for it` }] };
}

/** Of several customers with one e-mail only one sets the profile's id: the same one in every evaluation. */
function identityOf(
  customer: Customer,
  sharing: readonly Customer[],
  warnings: Warning[],
): Pick<Profile, 'external_id'> {
  if (sharing.length === 0) return { external_id: customer.id };
  const owner = idOwner([customer, ...sharing]);
  const ids = sharing.map(({ id }) => id).join(', ');
  const detail = `customer ${customer.id} shares its e-mail with ${ids}; the profile carries the id of ${owner.id}`;
  warnings.push({ code: 'shared_email', detail });
  return owner.id === customer.id ? { external_id: customer.id } : {};
}

function namesOf(customer: Customer, settings: RuleSettings): Partial<Profile> {
  const named: [keyof Profile & ('first_name' | 'last_name' | 'title' | 'organization'), string | undefined][] = [
    ['first_name', customer.firstName],
    ['last_name', customer.lastName],
    ['title', customer.title],
    ['organization', customer.companyName],
  ];
  const names: Partial<Profile> = {};
  for (const [name, text] of named) {
    const value = present(text);
    if (value !== undefined) names[name] = cutText(value, maxAttributeBytes);
    else if (settings.customer.clearEmpty) names[name] = null;
  }
  return names;
}

/** Only custom fields are ever unset: a name of `customer.fields` is not remembered. */
function writtenNamesOf(
  isBulk: boolean,
  fields: Record<string, unknown>,
): Pick<ProfileChange, 'writtenNames' | 'unlistedNames'> {
  const unlistedNames = Object.keys(fields);
  return { writtenNames: isBulk ? 'unset' : 'add', ...(unlistedNames.length > 0 ? { unlistedNames } : {}) };
}

/**
 * The properties of `customer.fields`, then custom fields with a value, which win; in realtime also null for custom fields that
 * are empty or were removed, which unsets them.
 */
function propertiesOf(
  { customer, removed, customFieldInfo }: CustomerFacts,
  { isBulk, fields: builtIn }: { isBulk: boolean; fields: Record<string, unknown> },
  settings: RuleSettings,
): Record<string, unknown> {
  const fields = customer.custom?.fields ?? {};
  const { properties: filter, values } = settings.customer.customFields;
  const shown = values === 'readable' ? readableFields(fields, customFieldInfo, settings.preferredLocale) : fields;
  const { properties } = filtered(shown, filter);
  if (isBulk) return { ...builtIn, ...properties };
  const empty = Object.keys(fields).filter((name) => !hasValue(fields[name]));
  const unset = [...empty, ...removed.names]
    .filter((name) => passes(name, filter))
    .map((name) => propertyName(name, filter));
  return { ...Object.fromEntries(unset.map((name) => [name, null])), ...builtIn, ...properties };
}

function contactOf(customer: Customer, settings: RuleSettings, warnings: Warning[]): Partial<Profile> {
  const address = profileAddress(customer);
  const phone = phoneOf(address);
  const { clearEmpty } = settings.customer;
  const locale = profileLocale(customer.locale);
  if (phone.type === 'invalid') {
    warnings.push({ code: 'invalid_phone', detail: 'the phone of the address is no valid number and was left out' });
  }
  return {
    ...(phone.type === 'number' ? { phone_number: phone.e164 } : {}),
    ...(phone.type === 'none' && clearEmpty ? { phone_number: null } : {}),
    ...(locale === undefined ? {} : { locale }),
    ...(address ? { location: locationOf(address) } : {}),
    ...(!address && clearEmpty ? { location: null } : {}),
  };
}

export function fitProfile(
  attributes: Omit<Profile, 'properties'>,
  properties: Record<string, unknown>,
): { profile: Profile; warnings: Warning[] } {
  const maxBytes = maxProfileBytes - jsonBytes(jsonOf(attributes));
  const fitted = fitProperties(properties, { keep: [], maxBytes });
  const none = Object.keys(fitted.properties).length === 0;
  return { profile: none ? attributes : { ...attributes, properties: fitted.properties }, warnings: fitted.warnings };
}

function jsonOf({ location, ...attributes }: Omit<Profile, 'properties'>): JsonObject {
  return { ...attributes, ...(location === undefined ? {} : { location: location && { ...location } }) };
}
