/**
 * Says which dead letters are about the same thing: the same record, rule and code, and the same part of the record. Two
 * parcels of an order are two letters, since a replay sends the part that the letter's cause names.
 */
import { createHash } from 'node:crypto';
import { type Cause, type MessageCause, messageCauseOf, type RecordRef } from '../../rules/types.ts';

/** Which part of the record a message is about. What only describes the message, such as its time, is left out. */
const partFields = [
  ...(['deliveryId', 'parcelId', 'stateId', 'lineId', 'returnItemIds'] as const),
  ...(['removedField', 'previousTypeId', 'dataErasure'] as const),
] satisfies (keyof MessageCause)[];
/** What decides which rules send something. It matters only to a letter about all rules: the others name theirs. */
const rulesFields = [
  ...(['messageType', 'orderState', 'shipmentState', 'paymentState'] as const),
  ...(['hadEmail', 'customerId', 'oldCustomerId'] as const),
] satisfies (keyof MessageCause)[];
/** An event of a workflow may repeat: then each of these messages is an event of its own. */
const transitions = ['OrderStateTransition', 'LineItemStateTransition', 'CustomLineItemStateTransition'];

interface Identified {
  record?: RecordRef | undefined;
  rule: string;
  code: string;
  source?: string | undefined;
  cause?: Cause | undefined;
}

/** @returns the part of the record that a replay of the letter would send; empty: the record as a whole */
export function partOf({ rule, cause }: Pick<Identified, 'rule' | 'cause'>): string {
  const message = cause && messageCauseOf(cause);
  if (!message) return '';
  const names = [
    ...partFields,
    ...(rule === '' ? rulesFields : []),
    ...(transitions.includes(message.messageType) ? (['messageId'] as const) : []),
  ];
  const named = names.flatMap((name) => (message[name] === undefined ? [] : [[name, message[name]]]));
  return named.length === 0 ? '' : JSON.stringify(named);
}

/**
 * Hashes, because keys of custom objects allow few characters. `record` does not depend on the part, and is the only id
 * that earlier versions know.
 */
export function idsOf(letter: Identified): { record: string; part: string } {
  const { record, rule, code, source } = letter;
  const identity = [record?.typeId, record?.id, rule, code, source];
  return { record: hashOf(identity), part: hashOf([...identity, partOf(letter)]) };
}

function hashOf(identity: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(identity)).digest('hex').slice(0, 40);
}
