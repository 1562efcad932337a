/** Edge cases of customers: malformed addresses, phone numbers, names and identities. */
import type { Customer } from '@commercetools/platform-sdk';
import { IDS } from '../seed/base-data.ts';
import { address, customer } from '../seed/builders.ts';
import { idOf } from '../seed/random.ts';
import { type EdgeCase, edgeCaseBuilder } from './edge-case.ts';

const edgeCase = edgeCaseBuilder('customer');

function namedCustomer(name: string, fields: Partial<Customer> = {}): Customer {
  return customer({ id: idOf(`customer/${name}`), key: name, ...fields });
}

/** Returns the customer edge cases. */
export function customerEdgeCases(): EdgeCase[] {
  return [...addresses(), ...phones(), ...names(), ...identities()];
}

function addresses(): EdgeCase[] {
  const home = address({ id: 'home', city: 'Hamburg' });
  const work = address({ id: 'work', city: 'Bremen' });
  return [
    edgeCase('no-address', 'has no address', namedCustomer('no-address', { addresses: [] })),
    edgeCase(
      'billing-points-nowhere',
      'default billing id of an address that is gone; the next billing id exists',
      namedCustomer('billing-points-nowhere', {
        addresses: [home, work],
        defaultBillingAddressId: 'gone',
        billingAddressIds: ['gone', 'work'],
      }),
    ),
    edgeCase(
      'all-billing-point-nowhere',
      'every billing id points nowhere; the first address counts',
      namedCustomer('all-billing-point-nowhere', {
        addresses: [home, work],
        defaultBillingAddressId: 'gone',
        billingAddressIds: ['gone'],
      }),
    ),
    edgeCase(
      'second-address-bills',
      'the second address is the default for bills',
      namedCustomer('second-address-bills', {
        addresses: [home, work],
        defaultBillingAddressId: 'work',
        billingAddressIds: ['work'],
      }),
    ),
    edgeCase(
      'every-address-part',
      'an address with every part filled in',
      namedCustomer('every-address-part', {
        addresses: [
          address({
            id: 'full',
            apartment: '4b',
            building: 'East wing',
            additionalStreetInfo: 'Second courtyard',
            additionalAddressInfo: 'Ring twice',
            region: 'Berlin',
            state: 'BE',
            pOBox: '1234',
            company: 'Berg GmbH',
          }),
        ],
        defaultBillingAddressId: 'full',
        billingAddressIds: ['full'],
      }),
    ),
    edgeCase(
      'country-only',
      'an address with a country and nothing else',
      namedCustomer('country-only', { addresses: [{ id: 'bare', country: 'FR' }] }),
    ),
  ];
}

function phones(): EdgeCase[] {
  const withPhone = (name: string, sentence: string, fields: Partial<ReturnType<typeof address>>) =>
    edgeCase(
      name,
      sentence,
      namedCustomer(name, {
        addresses: [address({ id: 'home', ...fields })],
        defaultBillingAddressId: 'home',
        billingAddressIds: ['home'],
      }),
    );
  return [
    withPhone('phone-national', 'a German number without country code', { phone: '030 901820' }),
    withPhone('phone-international', 'a good number in E.164', { mobile: '+4915123999001' }),
    withPhone('phone-both', 'phone and mobile; the mobile one counts', {
      phone: '030 901821',
      mobile: '0151 23999002',
    }),
    withPhone('phone-bad', 'no phone number at all', { phone: 'please call my wife' }),
    withPhone('phone-too-short', 'digits, but too few', { phone: '12345' }),
    withPhone('phone-shared-a', 'shares its number with phone-shared-b', { mobile: '+4915123999003' }),
    withPhone('phone-shared-b', 'shares its number with phone-shared-a', { mobile: '+4915123999003' }),
    withPhone('phone-other-country', 'a French number at a German address', { phone: '+33 6 12 39 90 04' }),
  ];
}

function names(): EdgeCase[] {
  const named = (name: string, firstName: string, lastName: string) =>
    edgeCase(name, `name in another script: ${firstName} ${lastName}`, namedCustomer(name, { firstName, lastName }));
  const { firstName: _, lastName: __, ...withoutName } = namedCustomer('no-name');
  const { firstName: ___, ...lastNameOnly } = namedCustomer('no-first-name');
  return [
    named('name-arabic', 'ليلى', 'حداد'),
    named('name-greek', 'Ελένη', 'Παπαδοπούλου'),
    named('name-japanese', '美咲', '田中'),
    named('name-korean', '서연', '김'),
    named('name-thai', 'สมชาย', 'ใจดี'),
    named('name-emoji', 'Zoë 🦊', "O'Néill-Müller"),
    edgeCase('no-first-name', 'has a last name only', lastNameOnly),
    edgeCase('no-name', 'has no name', withoutName),
    edgeCase(
      'empty-names',
      'names that are empty texts',
      namedCustomer('empty-names', { firstName: '', lastName: '' }),
    ),
    edgeCase(
      'long-name',
      'a first name of 5,000 characters',
      namedCustomer('long-name', { firstName: 'ä'.repeat(5_000) }),
    ),
  ];
}

function identities(): EdgeCase[] {
  const berlin = [{ typeId: 'store' as const, key: 'berlin' }];
  const paris = [{ typeId: 'store' as const, key: 'paris' }];
  const extras = { type: { typeId: 'type' as const, id: IDS.customerType } };
  return [
    edgeCase(
      'same-email-berlin',
      'the older of two customers with one e-mail, each of a store',
      namedCustomer('same-email-berlin', {
        email: 'same@example.com',
        stores: berlin,
        createdAt: '2023-02-01T00:00:00.000Z',
      }),
    ),
    edgeCase(
      'same-email-paris',
      'the younger of two customers with one e-mail',
      namedCustomer('same-email-paris', {
        email: 'same@example.com',
        stores: paris,
        createdAt: '2023-06-01T00:00:00.000Z',
      }),
    ),
    edgeCase(
      'email-case-lower',
      'e-mail that differs from another by case only; this one is older',
      namedCustomer('email-case-lower', {
        email: 'case@example.com',
        stores: berlin,
        createdAt: '2023-02-02T00:00:00.000Z',
      }),
    ),
    edgeCase(
      'email-case-upper',
      'e-mail that differs from another by case only',
      namedCustomer('email-case-upper', {
        email: 'Case@Example.com',
        stores: paris,
        createdAt: '2023-06-02T00:00:00.000Z',
      }),
    ),
    edgeCase(
      'external-auth',
      'authenticated elsewhere, verified',
      namedCustomer('external-auth', { authenticationMode: 'ExternalAuth', isEmailVerified: true }),
    ),
    edgeCase('no-email', 'an e-mail that is an empty text', namedCustomer('no-email', { email: '' })),
    edgeCase(
      'custom-fields',
      'custom fields of every kind',
      namedCustomer('custom-fields', {
        custom: {
          ...extras,
          fields: {
            loyaltyTier: 'gold',
            points: 0,
            newsletter: false,
            joined: '2023-01-01',
            budget: { type: 'centPrecision', currencyCode: 'EUR', centAmount: 12_345, fractionDigits: 2 },
            favourites: ['red', 'green'],
            empty: '',
          },
        },
      }),
    ),
    edgeCase(
      'all-fields',
      'every field of a customer',
      namedCustomer('all-fields', {
        title: 'Dr.',
        salutation: 'Ms',
        middleName: 'Lou',
        companyName: 'Berg & Söhne GmbH',
        vatId: 'DE123456789',
        dateOfBirth: '1980-02-29',
        externalId: 'crm-1',
        locale: 'de-DE',
        isEmailVerified: true,
        customerGroup: { typeId: 'customer-group', id: IDS.vip },
      }),
    ),
    edgeCase('locale-bare', 'a locale that is a language only', namedCustomer('locale-bare', { locale: 'de' })),
    edgeCase(
      'sku-like-email',
      'an e-mail with plus and dots',
      namedCustomer('sku-like-email', { email: "first.last+shop'1@example.co.uk" }),
    ),
  ];
}
