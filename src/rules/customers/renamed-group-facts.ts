/** Facts of the rule about a renamed customer group: its id and whether it exists. */
import { z } from 'zod';
import { type FactsLoader, minVersionOf } from '../types.ts';

export interface CustomerGroupFacts {
  id: string;
}

export const customerGroupFacts: FactsLoader<CustomerGroupFacts, CustomerGroupFacts> = {
  typeId: 'customer-group',
  schema: z.object({ id: z.string() }),
  refOf: ({ id }) => ({ typeId: 'customer-group', id }),
  async fromMessage({ resource }, { lookups, cause }) {
    // Reads the name again, so that customers that change in the next minute get the new one too.
    const name = await lookups.nameOf(
      { typeId: 'customer-group', id: resource.id },
      { minVersion: minVersionOf(cause, resource) ?? 0 },
    );
    return name === undefined ? { skip: 'the customer group no longer exists' } : { subjects: [{ id: resource.id }] };
  },
  load: async (subject) => subject,
};
