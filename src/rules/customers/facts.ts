/** What the profile rule may look at: the customer as it is now, and others with the same e-mail. */
import type { Message } from '../../commercetools/messages.ts';
import { type Customer, customerSchema } from '../../commercetools/schemas.ts';
import type { Cause, FactsKind, Reading, Roots } from '../types.ts';

export interface CustomerFacts {
  customer: Customer;
  /** Other customers with the same e-mail; only customers of stores can have any. */
  sharing: readonly Customer[];
  cause: Cause;
  at: Date;
}

export const customerFacts: FactsKind<Customer, CustomerFacts> = {
  typeId: 'customer',
  schema: customerSchema,
  refOf: ({ id, version }) => ({ typeId: 'customer', id, version }),
  fromMessage,
  async gather(customer, { look, cause, at }) {
    return { customer, sharing: await sharingOf(customer, look), cause, at };
  },
};

/** Never the payload's record: a message that comes late or again would bring old data back. */
async function fromMessage(message: Message, { look }: Omit<Reading, 'needs'>): Promise<Roots<Customer>> {
  const customer = await look.customer(message.resource.id);
  return customer ? { roots: [customer] } : { skip: 'the customer is gone' };
}

async function sharingOf(customer: Customer, look: Reading['look']): Promise<Customer[]> {
  // commercetools keeps e-mails unique among customers without a store.
  if (!customer.email || customer.stores.length === 0) return [];
  const same = await look.customersWithEmail(customer.email);
  return same.filter((other) => other.id !== customer.id);
}
