/** Facts of the profile rule: the customer as it is now, and other customers with the same e-mail. */
import type { Message } from '../../commercetools/messages.ts';
import { type Customer, customerSchema } from '../../commercetools/schemas.ts';
import { customFieldInfo } from '../custom-field-info.ts';
import type { CustomFieldInfo } from '../fields/readable.ts';
import { loadShopNames, type ShopNames } from '../shop-names.ts';
import {
  type Cause,
  type EvaluationContext,
  type FactsLoader,
  minVersionOf,
  type RuleContext,
  type Subjects,
} from '../types.ts';
import { namedIn } from './customer-fields.ts';
import { type RemovedFields, removedFieldsOf } from './removed-fields.ts';

export interface CustomerFacts {
  customer: Customer;
  /** Other customers with the same e-mail. Of customers that share one, at most one has no store. */
  sharing: readonly Customer[];
  /** Custom fields that the message says were removed. */
  removed: RemovedFields;
  /** Loaded only for `customer.customFields.values: readable`. */
  customFieldInfo: CustomFieldInfo;
  /** Names of the customer groups and stores that `customer.fields` sends. */
  shopNames: ShopNames;
  cause: Cause;
  at: Date;
}

export const customerFacts: FactsLoader<Customer, CustomerFacts> = {
  typeId: 'customer',
  schema: customerSchema,
  refOf: ({ id, version }) => ({ typeId: 'customer', id, version }),
  fromMessage,
  customerIdOf: ({ id }) => id,
  async load(customer, context) {
    const { lookups, cause, at, settings } = context;
    const readable = settings.customer.customFields.values === 'readable';
    const [sharing, removed, fieldInfo, shopNames] = await Promise.all([
      sharingOf(customer, lookups),
      removedFieldsOf(customer, cause, lookups),
      customFieldInfo(customer.custom, { type: readable, names: readable }, lookups),
      loadShopNames(namedIn(customer, settings), context),
    ]);
    return { customer, sharing, removed, customFieldInfo: fieldInfo, shopNames, cause, at };
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
