/** Profile: who a customer is now. https://developers.klaviyo.com/en/reference/create_or_update_profile */
import type { Customer } from '../../commercetools/schemas.ts';
import type { JsonObject, Profile, Warning } from '../../klaviyo/change.ts';
import { locationOf, profileAddress } from '../fields/address.ts';
import { type Fitted, fitProperties, fitsAsItIs, jsonBytes, maxJsonBytes } from '../fields/json-limits.ts';
import { profileLocale } from '../fields/locale.ts';
import { phoneOf } from '../fields/phone.ts';
import { filtered } from '../fields/properties.ts';
import { cutText, maxAttributeBytes, present } from '../fields/text.ts';
import type { RuleSettings } from '../settings.ts';
import { changes, changeTrigger, messageTriggers, type Rule, skip } from '../types.ts';
import type { CustomerFacts } from './facts.ts';

/** Klaviyo takes profiles of up to 100 KB; what is around the attributes needs less than 1 KB. */
const maxProfileBytes = 99_000;

export const profile: Rule<CustomerFacts> = {
  name: 'profile',
  summary: 'A customer was created or changed: the profile shows the customer as it is now.',
  sends: 'profile',
  settings: [
    'customer.customFields.properties',
    'customer.clearEmpty',
    'customer.identityConflict',
    'customer.deduplication.enabled',
  ],
  bulk: 'customers',
  triggers: () => [
    ...messageTriggers('customer', ['CustomerCreated'], 'CustomerCreated'),
    changeTrigger('customer', 'ResourceUpdated', 'CustomerResourceUpdated'),
  ],
  map({ customer, sharing }, settings) {
    const email = present(customer.email);
    if (email === undefined) return skip('the customer has no e-mail');
    const warnings: Warning[] = [];
    const written: Profile = {
      email,
      ...identityOf(customer, sharing, warnings),
      ...namesOf(customer, settings),
      ...placeOf(customer, warnings),
    };
    const { properties } = filtered(customer.custom?.fields ?? {}, settings.customer.customFields.properties);
    const fitted = fitProfile(written, properties);
    warnings.push(...fitted.warnings);
    const { identityConflict, deduplication } = settings.customer;
    return changes(
      [
        {
          type: 'profile',
          customerId: customer.id,
          profile: fitted.profile,
          identityConflict,
          emailFirst: deduplication.enabled,
        },
      ],
      {
        warnings,
      },
    );
  },
};

/** Of several customers with one e-mail only one gives the profile its id: the same one whoever is asked, and whenever. */
function identityOf(
  customer: Customer,
  sharing: readonly Customer[],
  warnings: Warning[],
): Pick<Profile, 'external_id'> {
  if (sharing.length === 0) return { external_id: customer.id };
  const owner = [customer, ...sharing].reduce((first, next) => (comesBefore(next, first) ? next : first));
  const ids = sharing.map(({ id }) => id).join(', ');
  const detail = `customer ${customer.id} shares its e-mail with ${ids}; the profile carries the id of ${owner.id}`;
  warnings.push({ code: 'shared_email', detail });
  return owner.id === customer.id ? { external_id: customer.id } : {};
}

function comesBefore(a: Customer, b: Customer): boolean {
  // One without a store is never compared when it is written itself, so it has to win here too.
  const [storesA, storesB] = [a.stores.length > 0, b.stores.length > 0];
  if (storesA !== storesB) return storesB;
  const [bornA, bornB] = [Date.parse(a.createdAt), Date.parse(b.createdAt)];
  return bornA === bornB || Number.isNaN(bornA - bornB) ? a.id < b.id : bornA < bornB;
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
    const there = present(text);
    if (there !== undefined) names[name] = cutText(there, maxAttributeBytes);
    else if (settings.customer.clearEmpty) names[name] = null;
  }
  return names;
}

function placeOf(customer: Customer, warnings: Warning[]): Partial<Profile> {
  const address = profileAddress(customer);
  const phone = phoneOf(address);
  const locale = profileLocale(customer.locale);
  if (phone.found === 'invalid') {
    warnings.push({ code: 'invalid_phone', detail: 'the phone of the address is no valid number and was left out' });
  }
  return {
    ...(phone.found === 'number' ? { phone_number: phone.e164 } : {}),
    ...(locale === undefined ? {} : { locale }),
    ...(address ? { location: locationOf(address) } : {}),
  };
}

/** A profile with as many of these properties as Klaviyo takes. */
export function fitProfile(
  attributes: Omit<Profile, 'properties'>,
  properties: Record<string, unknown>,
): { profile: Profile; warnings: Warning[] } {
  const fitted = fittedProperties(attributes, properties);
  const none = Object.keys(fitted.properties).length === 0;
  return { profile: none ? attributes : { ...attributes, properties: fitted.properties }, warnings: fitted.warnings };
}

function fittedProperties(attributes: Omit<Profile, 'properties'>, properties: Record<string, unknown>): Fitted {
  const json = jsonOf(attributes);
  // Nearly always there is far more room than is needed, and nothing has to be measured.
  if (fitsAsItIs(properties, maxProfileBytes - maxJsonBytes(json))) return { properties, warnings: [] };
  return fitProperties(properties, { keep: [], maxBytes: maxProfileBytes - jsonBytes(json) });
}

function jsonOf({ location, ...attributes }: Omit<Profile, 'properties'>): JsonObject {
  return { ...attributes, ...(location ? { location: { ...location } } : {}) };
}
