/** Facts of the profile rule: the customer as it is now, and other customers with the same e-mail. */
import type { Message } from '../../commercetools/messages.ts';
import { type Customer, customerSchema } from '../../commercetools/schemas.ts';
import { customFieldInfo } from '../custom-field-info.ts';
import type { CustomFieldInfo } from '../fields/readable.ts';
import {
  type Cause,
  type EvaluationContext,
  type FactsLoader,
  minVersionOf,
  type RuleContext,
  type Subjects,
} from '../types.ts';
import { type RemovedFields, removedFieldsOf } from './removed-fields.ts';

export interface CustomerFacts {
  customer: Customer;
  /** Other customers with the same e-mail. Only customers of stores can share one. */
  sharing: readonly Customer[];
  /** Custom fields that the message says were removed. */
  removed: RemovedFields;
  /** Loaded only for `customer.customFields.values: readable`. */
  customFieldInfo: CustomFieldInfo;
  cause: Cause;
  at: Date;
}

export const customerFacts: FactsLoader<Customer, CustomerFacts> = {
  typeId: 'customer',
  schema: customerSchema,
  refOf: ({ id, version }) => ({ typeId: 'customer', id, version }),
  fromMessage,
  customerIdOf: ({ id }) => id,
  async load(customer, { lookups, cause, at, settings }) {
    const readable = settings.customer.customFields.values === 'readable';
    const [sharing, removed, fieldInfo] = await Promise.all([
      sharingOf(customer, lookups),
      removedFieldsOf(customer, cause, lookups),
      customFieldInfo(customer.custom, { type: readable, names: readable }, lookups),
    ]);
    return { customer, sharing, removed, customFieldInfo: fieldInfo, cause, at };
  },
};

/** Reads the customer instead of using the payload: a late or repeated message would restore old data. */
async function fromMessage(message: Message, { lookups, cause }: RuleContext): Promise<Subjects<Customer>> {
  const customer = await lookups.customer(message.resource.id, minVersionOf(cause, message.resource));
  return customer ? { subjects: [customer] } : { skip: 'the customer no longer exists' };
}

async function sharingOf(customer: Customer, lookups: EvaluationContext['lookups']): Promise<Customer[]> {
  // commercetools keeps e-mails unique among customers without a store.
  if (!customer.email || customer.stores.length === 0) return [];
  const same = await lookups.customersWithEmail(customer.email);
  return same.filter(({ id }) => id !== customer.id);
}
