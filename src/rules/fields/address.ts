/** Selects the address of a profile and maps addresses to Klaviyo. */

import type { Address } from '../../commercetools/schema-fields.ts';
import type { Customer } from '../../commercetools/schemas.ts';
import type { JsonObject, Location } from '../../klaviyo/change.ts';
import { phoneText } from './phone.ts';
import { cutText, maxAttributeBytes, present } from './text.ts';

/** Returns the default billing address, else the first billing address, else the first one. Unknown ids are passed over. */
export function profileAddress(customer: Customer): Address | undefined {
  const ids = [customer.defaultBillingAddressId, ...(customer.billingAddressIds ?? [])];
  for (const id of ids) {
    const found = id === undefined ? undefined : customer.addresses.find((address) => address.id === id);
    if (found) return found;
  }
  return customer.addresses[0];
}

/** Maps an address to a profile's location. Missing parts become empty text, so that no old part remains in Klaviyo. */
export function locationOf(address: Address): Location {
  return {
    address1: joined([address.apartment, address.building, address.streetNumber, address.streetName]),
    address2: joined([address.additionalStreetInfo, address.additionalAddressInfo]),
    city: joined([address.city]),
    country: joined([address.country]),
    region: joined([regionOf(address)]),
    zip: joined([address.postalCode]),
  };
}

/**
 * Maps an address of an order to the names that Klaviyo's templates use.
 * https://developers.klaviyo.com/en/docs/guide_to_integrating_a_platform_without_a_pre_built_klaviyo_integration
 */
export function klaviyoAddress(address: Address): JsonObject {
  const { address1 } = locationOf(address);
  const named = {
    FirstName: address.firstName,
    LastName: address.lastName,
    Address1: address1,
    City: address.city,
    RegionCode: regionOf(address),
    CountryCode: address.country,
    Zip: address.postalCode,
    Phone: phoneText(address),
  };
  const mapped: JsonObject = {};
  for (const [name, text] of Object.entries(named)) {
    const value = present(text);
    if (value !== undefined) mapped[name] = cutText(value, maxAttributeBytes);
  }
  return mapped;
}

/** Some countries are entered with a region, others, such as the United States, with a state. */
function regionOf({ region, state }: Address): string | undefined {
  return present(region) ?? state;
}

function joined(parts: (string | undefined)[]): string {
  const values = parts.map(present).filter((part) => part !== undefined);
  return cutText(values.join(', '), maxAttributeBytes);
}
