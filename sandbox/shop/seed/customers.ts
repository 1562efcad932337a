/** Generates customers in several countries and scripts. */

import type { Customer } from '@commercetools/platform-sdk';
import { faker as german } from '@faker-js/faker/locale/de';
import { faker as english } from '@faker-js/faker/locale/en';
import { faker as french } from '@faker-js/faker/locale/fr';
import { faker as japanese } from '@faker-js/faker/locale/ja';
import { IDS } from './base-data.ts';
import { address, customer } from './builders.ts';
import { idOf, type Random } from './random.ts';

interface CountryProfile {
  readonly country: string;
  readonly locale: string;
  readonly faker: typeof english;
  /** Prefix of a mobile number; the last digits are generated. */
  readonly phone: string;
}

const COUNTRIES: readonly [CountryProfile, ...CountryProfile[]] = [
  { country: 'DE', locale: 'de-DE', faker: german, phone: '+49151230' },
  { country: 'US', locale: 'en-US', faker: english, phone: '+141555' },
  { country: 'GB', locale: 'en', faker: english, phone: '+4477112' },
  { country: 'FR', locale: 'fr-FR', faker: french, phone: '+336123' },
  { country: 'JP', locale: 'ja', faker: japanese, phone: '+8190123' },
];

/** Returns `count` customers, deterministic for the random generator's seed. */
export function seedCustomers(random: Random, count: number): Customer[] {
  for (const { faker } of COUNTRIES) faker.seed(random.between(1, 1_000_000));
  return Array.from({ length: count }, (_, index) => createCustomer(random, index));
}

function createCustomer(random: Random, index: number): Customer {
  const { country, locale, faker, phone } = random.pick(COUNTRIES);
  const key = `customer-${index + 1}`;
  const id = idOf(`customer/${key}`);
  const [firstName, lastName] = [faker.person.firstName(), faker.person.lastName()];
  const createdAt = random.instant(0, 800);
  const home = address({
    id: `${key}-home`,
    firstName,
    lastName,
    country,
    city: faker.location.city(),
    postalCode: faker.location.zipCode(),
    streetName: faker.location.street(),
    streetNumber: String(random.between(1, 140)),
    // Phone numbers are unique, because Klaviyo assigns a phone number to one profile only.
    ...(random.chance(0.6) ? { mobile: `${phone}${String(100_000 + index).slice(-5)}` } : {}),
  });
  const addressed = random.chance(0.9);
  const withBilling = addressed && random.chance(0.7);
  return customer({
    id,
    key,
    customerNumber: String(10_000 + index),
    email: `${key}@shop-${random.between(1, 9)}.example`,
    firstName,
    lastName,
    locale,
    createdAt,
    lastModifiedAt: createdAt,
    addresses: addressed ? [home] : [],
    ...(withBilling ? billedTo(home.id ?? '') : {}),
    ...(random.chance(0.15) ? { companyName: faker.company.name() } : {}),
    ...(random.chance(0.1) ? { customerGroup: { typeId: 'customer-group' as const, id: IDS.vip } } : {}),
    ...membershipOf(index),
    ...(random.chance(0.2)
      ? { custom: { type: { typeId: 'type' as const, id: IDS.customerType }, fields: { loyaltyTier: 'gold' } } }
      : {}),
  });
}

/** By index, so that the random sequence stays the same. */
function membershipOf(index: number): Partial<Customer> {
  const staff = { customerGroup: { typeId: 'customer-group' as const, id: IDS.staff } };
  const store = { typeId: 'store' as const, key: index % 2 === 0 ? 'berlin' : 'paris' };
  return {
    ...(index % 5 === 0 ? { customerGroupAssignments: [staff] } : {}),
    ...(index % 4 === 0 ? { stores: [store] } : {}),
    ...(index % 3 === 0 ? { dateOfBirth: `19${60 + (index % 40)}-04-01`, salutation: 'Dear' } : {}),
  };
}

function billedTo(id: string): Partial<Customer> {
  return { billingAddressIds: [id], shippingAddressIds: [id], defaultBillingAddressId: id };
}
