/** Addresses: which one a customer's profile shows, and how it looks in Klaviyo. */
import type { Address, Customer } from '../../commercetools/schemas.ts';
import type { JsonObject, Location } from '../../klaviyo/change.ts';
import { cutText, maxAttributeBytes, present } from './text.ts';

/** The default billing address, else the first billing address, else the first; an id that points nowhere falls through. */
export function profileAddress(customer: Customer): Address | undefined {
  const wanted = [customer.defaultBillingAddressId, ...(customer.billingAddressIds ?? [])];
  for (const id of wanted) {
    const found = id === undefined ? undefined : customer.addresses.find((address) => address.id === id);
    if (found) return found;
  }
  return customer.addresses[0];
}

/** The place of a profile, written whole: empty text where the address has nothing. */
export function locationOf(address: Address): Location {
  return {
    address1: joined([address.apartment, address.building, address.streetNumber, address.streetName]),
    address2: joined([address.additionalStreetInfo, address.additionalAddressInfo]),
    city: joined([address.city]),
    country: joined([address.country]),
    region: joined([address.region]),
    zip: joined([address.postalCode]),
  };
}

/**
 * An address of an order under the names that Klaviyo's templates know.
 * https://developers.klaviyo.com/en/docs/guide_to_integrating_a_platform_without_a_pre_built_klaviyo_integration
 */
export function klaviyoAddress(address: Address): JsonObject {
  const { address1 } = locationOf(address);
  const named = {
    FirstName: address.firstName,
    LastName: address.lastName,
    Address1: address1,
    City: address.city,
    RegionCode: present(address.region) ?? address.state,
    CountryCode: address.country,
    Zip: address.postalCode,
    Phone: present(address.mobile) ?? address.phone,
  };
  const known: JsonObject = {};
  for (const [name, text] of Object.entries(named)) {
    const there = present(text);
    if (there !== undefined) known[name] = cutText(there, maxAttributeBytes);
  }
  return known;
}

function joined(parts: (string | undefined)[]): string {
  const there = parts.map(present).filter((part) => part !== undefined);
  return cutText(there.join(', '), maxAttributeBytes);
}
