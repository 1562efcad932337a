/** Computes the expected profiles: customers with an e-mail address, and buyers of order events. */
import type { ExpectedEvent } from './events.ts';
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
}

/** Returns one profile per e-mail address. If several customers share one, the oldest determines the id. */
export function expectedProfiles(shop: Shop, events: Iterable<ExpectedEvent>): ExpectedProfile[] {
  const named = new Map<string, Set<string>>();
  for (const { email, customerId } of events) {
    if (customerId !== undefined && email !== undefined) {
      named.set(customerId, (named.get(customerId) ?? new Set()).add(email.toLowerCase()));
    }
  }
  return [...byEmail(shop).values()].flatMap(([oldest, ...others]) => {
    if (oldest === undefined) return [];
    const used = named.get(oldest.id) ?? new Set();
    // The fields depend on write order if customers share an e-mail address or orders use another one.
    if (others.length > 0 || [...used].some((email) => email !== oldest.email.toLowerCase())) return [];
    return [profileOf(oldest)];
  });
}

/**
 * Returns the expected number of profiles, given that each e-mail address and id belongs to one profile.
 * @param guests e-mail addresses of orders that were assigned to a customer after their event was sent
 */
export function countProfiles(shop: Shop, events: Iterable<ExpectedEvent>, guests: Iterable<string>): number {
  const people = new Set<CountedProfile>();
  const emails = new Map<string, CountedProfile>();
  const ids = new Map<string, CountedProfile>();
  const addProfile = (email: string | undefined, id: string | undefined): void => {
    const [byMail, byId] = [emails.get(email ?? ''), ids.get(id ?? '')];
    // The identifiers match two profiles. The connector resends the event with the e-mail address only.
    if (byMail !== undefined && byId !== undefined) return;
    const person = byMail ?? byId ?? { email: undefined };
    people.add(person);
    if (id !== undefined) ids.set(id, person);
    if (email === undefined || email === person.email) return;
    // A profile has one e-mail address; the newer one replaces the older.
    if (person.email !== undefined) emails.delete(person.email);
    person.email = email;
    emails.set(email, person);
  };
  for (const [oldest] of byEmail(shop).values()) addProfile(oldest?.email.toLowerCase(), oldest?.id);
  for (const email of guests) addProfile(email.toLowerCase(), undefined);
  for (const { email, customerId } of events) addProfile(email?.toLowerCase(), customerId);
  return people.size;
}

interface CountedProfile {
  email: string | undefined;
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

function profileOf(customer: ShopCustomer): ExpectedProfile {
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
  };
}

/** Returns the default billing address, else the first existing billing address, else the first address. */
function addressOf({ addresses, defaultBillingAddressId, billingAddressIds }: ShopCustomer) {
  const byId = (id: string | undefined) =>
    id === undefined ? undefined : addresses.find((address) => address.id === id);
  const billing = [defaultBillingAddressId, ...billingAddressIds].map(byId).find((address) => address !== undefined);
  return billing ?? addresses[0];
}
