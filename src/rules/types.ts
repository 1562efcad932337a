/**
 * Contract of a rule: a pure function from the facts of one record to changes in Klaviyo. It reads no clock, makes no
 * lookup and draws no random number. Rules that need the same facts form a group, which loads the facts once.
 */
import { z } from 'zod';
import type { ChangedRecord, Lookups } from '../commercetools/lookups/types.ts';
import type { MessageType, MessageTypesByResource, ResourceTypeId } from '../commercetools/message-types.ts';
import type { Message, NotificationType } from '../commercetools/messages.ts';
import type { BulkResource } from '../commercetools/schemas.ts';
import type { Change, Warning } from '../klaviyo/change.ts';
import type { ProfileLookups } from '../klaviyo/profile-lookups.ts';
import type { ConfiguredMessageType } from './configured-message-types.ts';
import type { DisabledEvent, RuleSettings } from './settings.ts';

/** Reason for an evaluation. A dead letter stores it, without personal data, so that a replay evaluates the same. */
export type Cause = OriginalCause | { type: 'replay'; original: Cause };

const messageCauseSchema = z.object({
  type: z.literal('message'),
  messageId: z.string(),
  /** Subject of the message. A payment leads to its order. */
  resource: z.object({ typeId: z.string(), id: z.string() }),
  notificationType: z.enum(['Message', 'ResourceCreated', 'ResourceUpdated', 'ResourceDeleted']),
  messageType: z.string(),
  /** Time of the change in commercetools, ISO 8601. */
  createdAt: z.string(),
  resourceVersion: z.number().optional(),
  /** OrderStateChanged: the new state of the order. */
  orderState: z.string().optional(),
  /** OrderShipmentStateChanged and OrderPaymentStateChanged: the new state. */
  shipmentState: z.string().optional(),
  paymentState: z.string().optional(),
  /** Messages about deliveries and parcels: which one. */
  deliveryId: z.string().optional(),
  parcelId: z.string().optional(),
  /** Messages about transitions: the new state, and of a line item or custom line item also its id and when it was. */
  stateId: z.string().optional(),
  lineId: z.string().optional(),
  transitionDate: z.string().optional(),
  /** Messages about returns: ids of the return items. */
  returnItemIds: z.array(z.string()).optional(),
  /** OrderCustomerSet: the new and the previous customer of the order. */
  customerId: z.string().optional(),
  oldCustomerId: z.string().optional(),
  /** OrderCustomerEmailSet: whether the order had an e-mail before. */
  hadEmail: z.boolean().optional(),
  /** Whether the payload contained the whole record, as it was when the message was written. */
  embedded: z.boolean(),
  /** The payload was too large to be delivered, so only the type of the message is known. */
  payloadOmitted: z.boolean().optional(),
  /** ResourceDeleted: the personal data of the record was erased. */
  dataErasure: z.literal(true).optional(),
  /** Inventory entries and standalone prices: their sku, known even after they were deleted. */
  sku: z.string().optional(),
  /** CustomerCustomFieldRemoved: name of the removed custom field. */
  removedField: z.string().optional(),
  /** CustomerCustomTypeSet and CustomerCustomTypeRemoved: id of the type that the customer had before. */
  previousTypeId: z.string().optional(),
  /** Reviews whose rating counts: the product that is their target. */
  reviewedProductId: z.string().optional(),
  /** Inventory entries: supply channel of the changed entry. */
  channelId: z.string().optional(),
});
const runCauseSchema = z.object({ type: z.literal('run'), runId: z.string(), backfill: z.boolean() });
/** A watch found the record changed; no message says what changed. */
const watchCauseSchema = z.object({ type: z.literal('watch') });
/** Cause as a dead letter stores it: never a replay. */
export const causeSchema = z.discriminatedUnion('type', [messageCauseSchema, runCauseSchema, watchCauseSchema]);
export type OriginalCause = z.infer<typeof causeSchema>;
export type MessageCause = z.infer<typeof messageCauseSchema>;

export function originOf(cause: Cause): OriginalCause {
  return cause.type === 'replay' ? originOf(cause.original) : cause;
}

export function runOf(cause: Cause): string | undefined {
  const origin = originOf(cause);
  return origin.type === 'run' ? origin.runId : undefined;
}

export function messageCauseOf(cause: Cause): MessageCause | undefined {
  const origin = originOf(cause);
  return origin.type === 'message' ? origin : undefined;
}

export function isCausedBy(cause: Cause, type: MessageType | NotificationType): boolean {
  return messageCauseOf(cause)?.messageType === type;
}

/**
 * Returns the minimum version to look a record up with: that of the message for its own record, 0 for any other record of a
 * message, undefined for a run.
 */
export function minVersionOf(cause: Cause, { typeId, id }: MessageCause['resource']): number | undefined {
  const message = messageCauseOf(cause);
  if (!message) return undefined;
  const isSubject = message.resource.typeId === typeId && message.resource.id === id;
  return isSubject ? (message.resourceVersion ?? 0) : 0;
}

/** Returns the record of the message, if it is of this type. */
export function changedRecordOf(cause: Cause, typeId: ResourceTypeId): ChangedRecord | undefined {
  const message = messageCauseOf(cause);
  if (message?.resource.typeId !== typeId) return undefined;
  const deleted = message.messageType.endsWith('Deleted');
  return { id: message.resource.id, minVersion: message.resourceVersion ?? 0, deleted };
}

export const recordRefSchema = z.object({ typeId: z.string(), id: z.string(), version: z.number().optional() });
export type RecordRef = z.infer<typeof recordRefSchema>;

/** Small run to start after an evaluation. `where` is a commercetools query predicate. Equal follow-ups are merged. */
export interface FollowUp {
  resource: BulkResource;
  where: string;
  reason: string;
}

/** Result of one rule for one record. Without changes it contains at least one skip, so every outcome has a reason. */
export interface RuleOutput {
  changes: Change[];
  /** Reasons why something was not sent, one entry each. */
  skips: string[];
  warnings: Warning[];
  followUps: FollowUp[];
}

/** Reason why something is not sent. Klaviyo's record stays as it is. */
export interface Skip {
  skip: string;
}

export function skip(reason: string): RuleOutput {
  return { changes: [], skips: [reason], warnings: [], followUps: [] };
}

export function changes(list: Change[], rest: Partial<Omit<RuleOutput, 'changes'>> = {}): RuleOutput {
  return { changes: list, skips: [], warnings: [], followUps: [], ...rest };
}

/** @returns each warning once */
export function uniqueWarnings(warnings: readonly Warning[]): Warning[] {
  return [...new Map(warnings.map((warning) => [`${warning.code} ${warning.detail}`, warning])).values()];
}

export interface Trigger {
  notificationType: NotificationType;
  typeId: ResourceTypeId;
  /** Present only for the notification type Message. */
  messageType?: MessageType | ConfiguredMessageType;
  /** Value of `disabledEvents` that switches the trigger off. Absent for custom rules, which can be removed instead. */
  disabledBy?: DisabledEvent;
  /** The change is found by reading at intervals; no subscription is needed. */
  polled?: true;
}

export function isDisabled({ disabledBy }: Trigger, { disabledEvents }: Pick<RuleSettings, 'disabledEvents'>): boolean {
  return disabledBy !== undefined && disabledEvents.includes(disabledBy);
}

/** @param types message types; one of `changeTypes` is a change of the resource instead */
export function messageTriggers<TypeId extends ResourceTypeId>(
  typeId: TypeId,
  types: readonly (MessageTypesByResource[TypeId] | ConfiguredMessageType)[],
  disabledBy?: DisabledEvent,
): Trigger[] {
  const disabling = disabledBy === undefined ? {} : { disabledBy };
  return [...new Set(types)].map((messageType): Trigger => {
    const change = changeTypes.find((type) => type === messageType);
    return change === undefined
      ? { notificationType: 'Message', typeId, messageType, ...disabling }
      : changeTrigger(typeId, change, disablingChanges[typeId]?.[change] ?? disabledBy);
  });
}

/** Changes of a resource. The settings and the docs of the open-source plugin name them among message types. */
export const changeTypes = ['ResourceCreated', 'ResourceUpdated', 'ResourceDeleted'] as const;
export type ChangeType = (typeof changeTypes)[number];

/** Values of `disabledEvents` for the changes that built-in rules always react to. */
const disablingChanges: Partial<Record<ResourceTypeId, Partial<Record<ChangeType, DisabledEvent>>>> = {
  customer: { ResourceUpdated: 'CustomerResourceUpdated' },
  category: { ResourceUpdated: 'CategoryResourceUpdated', ResourceDeleted: 'CategoryResourceDeleted' },
  product: { ResourceDeleted: 'ProductResourceDeleted' },
  'inventory-entry': { ResourceUpdated: 'InventoryResourceUpdated' },
};

export function changeTrigger(
  typeId: ResourceTypeId,
  notificationType: ChangeType,
  disabledBy?: DisabledEvent,
): Trigger {
  return { notificationType, typeId, ...(disabledBy === undefined ? {} : { disabledBy }) };
}

/** @typeParam Need names of the optional facts of the rule's group */
export interface Rule<Facts, Need extends string = never> {
  /** Kebab-case; the name of the file. */
  name: string;
  /** One sentence for the docs table, the dashboard and explain. */
  summary: string;
  /** Record in Klaviyo, for the docs: `event Placed Order`, `profile`, … */
  sends: string;
  /** Settings that affect the rule, as dotted paths, for the docs. */
  settings: readonly string[];
  /** Returns what turns the rule off, in realtime and in bulk, such as `order.metrics.paidOrder is empty`. */
  offBy?(settings: RuleSettings): string | undefined;
  /** Optional facts that the rule reads. Only these are loaded. */
  needs?: readonly Need[];
  triggers(settings: RuleSettings): Trigger[];
  /**
   * Returns why the rule sends nothing for a message, before its record is read: frequent messages then cost no lookup of
   * the order and its profile.
   */
  reasonToSkip?(context: Pick<RuleContext, 'cause' | 'lookups' | 'settings'>): Promise<string | undefined>;
  bulk?: BulkResource;
  map(facts: Facts, settings: RuleSettings): RuleOutput;
}

export type RuleDescription = Omit<Rule<never, string>, 'map'>;

export interface EvaluationContext<Need extends string = never> {
  lookups: Lookups;
  profiles: ProfileLookups;
  cause: Cause;
  /** Time of the evaluation, read once for each message or page. */
  at: Date;
  needs: ReadonlySet<Need>;
  settings: RuleSettings;
  /** Whether a customer was erased. Absent where nothing is sent, and without `customer.onErasure: request`. */
  isErased?: ((customerId: string) => Promise<boolean>) | undefined;
}

/** Input of an evaluation before the rules are selected. */
export type RuleContext = Omit<EvaluationContext, 'needs'>;

export type Subjects<Subject> = { subjects: Subject[] } | Skip;

export interface FactsLoader<Subject, Facts, Need extends string = never> {
  typeId: string;
  schema: z.ZodType<Subject>;
  /**
   * Returns the record of the payload, or reads it by id. A replayed message has no payload; `context.cause` contains
   * the fields that rules need. A ZodError means that the record is unreadable.
   */
  fromMessage(message: Message, context: RuleContext): Promise<Subjects<Subject>>;
  load(subject: Subject, context: EvaluationContext<Need>): Promise<Facts>;
  /** The customer that the subject belongs to. Nothing is sent once that customer was erased. */
  customerIdOf?(subject: Subject): string | undefined;
  refOf(subject: Subject): RecordRef;
}

/** Result for one record: the output of each selected rule, or the reason why there is none. */
export type RuleEvaluation =
  | { outcome: 'mapped'; record: RecordRef; rule: string; output: RuleOutput }
  | { outcome: 'skipped'; record: RecordRef; reason: string }
  /** The record does not match the API of commercetools. `path` names the field. */
  | { outcome: 'unreadable'; record: RecordRef; path: string; reason: string }
  /** A rule threw: an internal error, or an error in a hook of the merchant. */
  | { outcome: 'failed'; record: RecordRef; rule: string; error: Error };

/** Rules that share their facts. The types of the facts are hidden behind the methods. */
export interface RuleGroup {
  typeId: string;
  rules: readonly RuleDescription[];
  /** @throws CommercetoolsError when commercetools can't be read now */
  evaluateMessage(message: Message, names: ReadonlySet<string>, context: RuleContext): Promise<RuleEvaluation[]>;
  /** Evaluates records concurrently, so that lookups share queries. Throws like `evaluateMessage`. */
  evaluateRecords(
    records: readonly unknown[],
    names: ReadonlySet<string>,
    context: RuleContext,
  ): Promise<RuleEvaluation[]>;
}
