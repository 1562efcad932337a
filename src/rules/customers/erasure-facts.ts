/** Facts of the erasure rule: whether a customer was erased in commercetools. */
import type { Message } from '../../commercetools/messages.ts';
import { customerSchema } from '../../commercetools/schemas.ts';
import type { FactsLoader, RuleContext, Subjects } from '../types.ts';

export interface ErasureFacts {
  customerId: string;
  /** The customer no longer exists, and the message asked for the erasure of its personal data. */
  erased: boolean;
}

export const erasureFacts: FactsLoader<ErasureFacts, ErasureFacts> = {
  typeId: 'customer',
  schema: customerSchema.transform(({ id }) => ({ customerId: id, erased: false })),
  refOf: ({ customerId: id }) => ({ typeId: 'customer', id }),
  fromMessage,
  load: async (subject) => subject,
};

async function fromMessage(message: Message, { lookups }: RuleContext): Promise<Subjects<ErasureFacts>> {
  const { id } = message.resource;
  if (!message.dataErasure) return { skip: 'the customer was deleted without dataErasure' };
  // The message alone is no proof.
  if (!(await lookups.isDeleted('customer', id))) return { skip: 'the customer still exists in commercetools' };
  return { subjects: [{ customerId: id, erased: true }] };
}
