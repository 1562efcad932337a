/** Custom fields that a message says were removed. Other apps write to the same properties, so nothing else is unset. */
import type { Lookups } from '../../commercetools/lookups/types.ts';
import type { Customer } from '../../commercetools/schemas.ts';
import type { Warning } from '../../klaviyo/change.ts';
import { type Cause, messageCauseOf } from '../types.ts';

/** Messages that remove custom fields. */
export const removalMessages = [
  'CustomerCustomFieldRemoved',
  'CustomerCustomTypeRemoved',
  'CustomerCustomTypeSet',
] as const;

export interface RemovedFields {
  /** Names of fields that were removed and that the customer does not have now. */
  names: readonly string[];
  warnings: readonly Warning[];
}

const nothing: RemovedFields = { names: [], warnings: [] };

/** @param customer as it is now: a field that is back stays */
export async function removedFieldsOf(
  customer: Customer,
  cause: Cause,
  lookups: Pick<Lookups, 'customType'>,
): Promise<RemovedFields> {
  const message = messageCauseOf(cause);
  if (!message || !removalMessages.some((type) => type === message.messageType)) return nothing;
  if (message.payloadOmitted) return unknown('the message has no payload');
  if (message.messageType === 'CustomerCustomFieldRemoved') {
    if (message.removedField === undefined) return unknown('the message names no field');
    return absentOf([message.removedField], customer);
  }
  if (message.previousTypeId === undefined) return nothing;
  const type = await lookups.customType(message.previousTypeId);
  if (type === 'forbidden') return unknown('the API client lacks the scope view_types');
  if (type === undefined) return unknown('their type no longer exists');
  return absentOf(
    type.fieldDefinitions.map(({ name }) => name),
    customer,
  );
}

function absentOf(names: readonly string[], { custom }: Customer): RemovedFields {
  return { names: names.filter((name) => !Object.hasOwn(custom?.fields ?? {}, name)), warnings: [] };
}

function unknown(reason: string): RemovedFields {
  const detail = `custom fields were removed, and their properties stay in Klaviyo: ${reason}`;
  return { names: [], warnings: [{ code: 'removed_fields_unknown', detail }] };
}
