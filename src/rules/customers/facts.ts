/** What the profile rule may look at: the customer as it is now, and others with the same e-mail. */
import type { Message } from '../../commercetools/messages.ts';
import { type Customer, customerSchema } from '../../commercetools/schemas.ts';
import type { Cause, EvaluationContext, FactsLoader, Subjects } from '../types.ts';

export interface CustomerFacts {
  customer: Customer;
  /** Other customers with the same e-mail; only customers of stores can have any. */
  sharing: readonly Customer[];
  cause: Cause;
  at: Date;
}

export const customerFacts: FactsLoader<Customer, CustomerFacts> = {
  typeId: 'customer',
  schema: customerSchema,
  refOf: ({ id, version }) => ({ typeId: 'customer', id, version }),
  fromMessage,
  async load(customer, { lookups, cause, at }) {
    return { customer, sharing: await sharingOf(customer, lookups), cause, at };
  },
};

/** Never the payload's record: a message that comes late or again would bring old data back. */
async function fromMessage(
  message: Message,
  { lookups }: Omit<EvaluationContext, 'needs'>,
): Promise<Subjects<Customer>> {
  const customer = await lookups.customer(message.resource.id);
  return customer ? { subjects: [customer] } : { skip: 'the customer is gone' };
}

async function sharingOf(customer: Customer, lookups: EvaluationContext['lookups']): Promise<Customer[]> {
  // commercetools keeps e-mails unique among customers without a store.
  if (!customer.email || customer.stores.length === 0) return [];
  const same = await lookups.customersWithEmail(customer.email);
  return same.filter((other) => other.id !== customer.id);
}
