/** Computes the expected profiles: customers with an e-mail address, and buyers of order events. */
import type { ExpectedEvent } from './events.ts';
import { localizedText } from './format.ts';
import type { Shop, ShopCustomer } from './read-shop.ts';

export interface ExpectedProfile {
  readonly customerId: string;
  readonly email: string;
  readonly firstName: string | undefined;
  readonly lastName: string | undefined;
  readonly title: string | undefined;
  readonly organization: string | undefined;
  /** Undefined if there is no address. */
  readonly city: string | undefined;
  readonly country: string | undefined;
  /** Properties of customer fields. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Returns one profile per e-mail address. If several customers share one, the oldest determines the id. */
export function expectedProfiles(shop: Shop): ExpectedProfile[] {
  // The fields depend on write order if customers share an e-mail address.
  return [...byEmail(shop).values()].flatMap(([oldest, ...others]) =>
    oldest === undefined || others.length > 0 ? [] : [profileOf(oldest, shop)],
  );
}

/**
 * Returns the expected number of profiles: one for each e-mail address of a customer or a guest.
 * @param guests e-mail addresses of orders that were assigned to a customer after their event was sent
 */
export function countProfiles(shop: Shop, events: Iterable<ExpectedEvent>, guests: Iterable<string>): number {
  const buyers = [...events].flatMap(({ email }) => email ?? []);
  return new Set([...byEmail(shop).keys(), ...[...buyers, ...guests].map((email) => email.toLowerCase())]).size;
}

function byEmail(shop: Shop): Map<string, ShopCustomer[]> {
  const found = new Map<string, ShopCustomer[]>();
  const byAge = [...shop.customers].sort((a, b) => (a.createdAt + a.id < b.createdAt + b.id ? -1 : 1));
  for (const customer of byAge) {
    const email = customer.email.toLowerCase();
    if (email !== '') found.set(email, [...(found.get(email) ?? []), customer]);
  }
  return found;
}

function profileOf(customer: ShopCustomer, shop: Shop): ExpectedProfile {
  const address = addressOf(customer);
  return {
    customerId: customer.id,
    email: customer.email,
    firstName: customer.firstName || undefined,
    lastName: customer.lastName || undefined,
    title: customer.title || undefined,
    organization: customer.companyName || undefined,
    city: address?.city,
    country: address?.country,
    fields: fieldsOf(customer, shop),
  };
}

function fieldsOf(customer: ShopCustomer, { customerGroups, stores }: Shop): Record<string, unknown> {
  const { customerGroup, customerGroupAssignments = [] } = customer;
  const ids = [customerGroup?.id, ...customerGroupAssignments.map((assignment) => assignment.customerGroup.id)];
  const groups = new Set(ids.flatMap((id) => customerGroups.get(id ?? '')?.name ?? []));
  const storeNames = customer.stores.map(({ key }) => localizedText(stores.get(key)?.name) ?? key);
  return {
    'Customer Group': customerGroups.get(customerGroup?.id ?? '')?.name,
    'Customer Groups': groups.size > 0 ? [...groups] : undefined,
    Stores: storeNames.length > 0 ? storeNames : undefined,
    'Customer Number': customer.customerNumber || undefined,
    'Account Created': customer.createdAt,
    'Email Verified': customer.isEmailVerified,
    Birthday: customer.dateOfBirth,
    Salutation: customer.salutation || undefined,
  };
}

/** Returns the default billing address, else the first existing billing address, else the first address. */
function addressOf({ addresses, defaultBillingAddressId, billingAddressIds }: ShopCustomer) {
  const byId = (id: string | undefined) =>
    id === undefined ? undefined : addresses.find((address) => address.id === id);
  const billing = [defaultBillingAddressId, ...billingAddressIds].map(byId).find((address) => address !== undefined);
  return billing ?? addresses[0];
}
