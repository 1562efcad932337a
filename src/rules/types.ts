/**
 * The contract of a rule: one thing that Klaviyo gets to know. A rule is pure: facts in, changes out; no clock, no
 * look-up, no random id. Rules that need the same facts form a family, whose facts are gathered once.
 */
import { z } from 'zod';
import type { Lookups } from '../commercetools/lookups/types.ts';
import type { Message, NotificationType } from '../commercetools/messages.ts';
import type { BulkResource } from '../commercetools/schemas.ts';
import type { Change, Warning } from '../klaviyo/change.ts';
import type { DisabledEvent, RuleSettings } from './settings.ts';

/** Why a rule was asked. A dead letter keeps it (no personal data in it), so that a replay means the same thing. */
export type Cause = OriginalCause | { type: 'replay'; original: Cause };

const notificationTypes = [
  'Message',
  'ResourceCreated',
  'ResourceUpdated',
  'ResourceDeleted',
] as const satisfies readonly NotificationType[];

const messageCauseSchema = z.object({
  type: z.literal('message'),
  messageId: z.string(),
  /** What the message is about: a payment leads to its order. */
  resource: z.object({ typeId: z.string(), id: z.string() }),
  notificationType: z.enum(notificationTypes),
  messageType: z.string(),
  /** ISO 8601: when it happened in commercetools. */
  createdAt: z.string(),
  resourceVersion: z.number().optional(),
  /** OrderStateChanged: the state that the order came into. */
  orderState: z.string().optional(),
  /** OrderCustomerSet: whose it became and was. */
  customerId: z.string().optional(),
  oldCustomerId: z.string().optional(),
  /** The message carried the record itself, as it was when the message was written. */
  embedded: z.boolean(),
  /** The message was too large to be delivered with its own fields, so what it said beyond its type is not known. */
  payloadOmitted: z.boolean().optional(),
  /** Inventory entries and standalone prices: what they belong to, known even when the entry is gone. */
  sku: z.string().optional(),
  /** Inventory entries: the supply channel of the entry that changed. */
  channelId: z.string().optional(),
});
const runCauseSchema = z.object({ type: z.literal('run'), runId: z.string(), backfill: z.boolean() });
/** What a dead letter keeps: never the replay itself. */
export const causeSchema = z.discriminatedUnion('type', [messageCauseSchema, runCauseSchema]);
export type OriginalCause = z.infer<typeof causeSchema>;

/** The cause behind any number of replays. */
export function originOf(cause: Cause): OriginalCause {
  return cause.type === 'replay' ? originOf(cause.original) : cause;
}

/** The run that asks, or whose record is told again. */
export function runOf(cause: Cause): string | undefined {
  const origin = originOf(cause);
  return origin.type === 'run' ? origin.runId : undefined;
}

/** A record of commercetools, by reference. */
export const recordRefSchema = z.object({ typeId: z.string(), id: z.string(), version: z.number().optional() });
export type RecordRef = z.infer<typeof recordRefSchema>;

/** A small run that shall follow: `where` is a commercetools query predicate. Equal ones are merged. */
export interface FollowUp {
  resource: BulkResource;
  where: string;
  reason: string;
}

/** What a rule says of one record. Without changes there is at least one skip: nothing happens without a reason. */
export interface RuleOutput {
  changes: Change[];
  /** Why something was not sent, one entry for each thing. */
  skips: string[];
  warnings: Warning[];
  followUps: FollowUp[];
}

/** Nothing is to be done, for this reason. */
export function skip(reason: string): RuleOutput {
  return { changes: [], skips: [reason], warnings: [], followUps: [] };
}

/** These changes shall be made. */
export function changes(list: Change[], more: Partial<Omit<RuleOutput, 'changes'>> = {}): RuleOutput {
  return { changes: list, skips: [], warnings: [], followUps: [], ...more };
}

/** What wakes a rule: a message type or a change of a resource, unless the merchant disabled the event. */
export interface Trigger {
  notificationType: Exclude<NotificationType, 'ResourceCreated'>;
  typeId: string;
  /** Only for notificationType Message. */
  messageType?: string;
  /** Absent for a rule of the merchant's own: what he does not want he does not write. */
  disabledBy?: DisabledEvent;
}

/** The merchant does not want what this wakes for. */
export function isDisabled({ disabledBy }: Trigger, { disabledEvents }: Pick<RuleSettings, 'disabledEvents'>): boolean {
  return disabledBy !== undefined && disabledEvents.includes(disabledBy);
}

/** Wakes for these message types of a resource. */
export function messageTriggers(typeId: string, types: readonly string[], disabledBy?: DisabledEvent): Trigger[] {
  const off = disabledBy === undefined ? {} : { disabledBy };
  return types.map((messageType) => ({ notificationType: 'Message', typeId, messageType, ...off }));
}

/** A wake for the update or deletion of a resource. */
export function changeTrigger(
  typeId: string,
  notificationType: 'ResourceUpdated' | 'ResourceDeleted',
  disabledBy?: DisabledEvent,
): Trigger {
  return { notificationType, typeId, ...(disabledBy === undefined ? {} : { disabledBy }) };
}

export interface Rule<Facts> {
  /** Kebab-case; the file's name. */
  name: string;
  /** One sentence for the docs table, the dashboard and explain. */
  summary: string;
  /** What arrives in Klaviyo, for the docs: `event Placed Order`, `profile`, … */
  sends: string;
  /** Settings that bear on it, as dotted paths; for the docs. */
  settings: readonly string[];
  /** Names of look-ups that only some rules of the family need. */
  needs?: readonly string[];
  triggers(settings: RuleSettings): Trigger[];
  /** The bulk sync that replays it. */
  bulk?: BulkResource;
  map(facts: Facts, settings: RuleSettings): RuleOutput;
}

/** What a rule's facts are gathered with. */
export interface EvaluationContext {
  lookups: Lookups;
  cause: Cause;
  /** The clock, read once for each message or page. */
  at: Date;
  /** The union of the woken rules' `needs`. */
  needs: ReadonlySet<string>;
  settings: RuleSettings;
}

/** The records that a message is about, or why there is none. */
export type Subjects<Root> = { subjects: Root[] } | { skip: string };

/** How the facts of a family of rules come together. */
export interface FactsLoader<Root, Facts> {
  /** commercetools' type id of the record that the facts are about. */
  typeId: string;
  /** A record of the bulk reader's page. */
  schema: z.ZodType<Root>;
  /**
   * The payload's record, or the record read by id. A replayed message has no payload: what it said is in
   * `reading.cause`. A ZodError thrown here means unreadable.
   */
  fromMessage(message: Message, reading: Omit<EvaluationContext, 'needs'>): Promise<Subjects<Root>>;
  load(root: Root, reading: EvaluationContext): Promise<Facts>;
  refOf(root: Root): RecordRef;
}

/** What became of one record: each asked rule's word, or why it could not be read. */
export type RuleEvaluation =
  | { outcome: 'written'; record: RecordRef; rule: string; output: RuleOutput }
  | { outcome: 'skipped'; record: RecordRef; reason: string }
  /** The record is not what commercetools' API describes: `path` names the field. */
  | { outcome: 'unreadable'; record: RecordRef; path: string; reason: string }
  /** A rule threw: our own bug, or a merchant's hook. */
  | { outcome: 'failed'; record: RecordRef; rule: string; error: Error };

/** Rules that share their facts, with the types of those facts closed in. */
export interface RuleGroup {
  typeId: string;
  rules: readonly Omit<Rule<never>, 'map'>[];
  /** Asks the named rules about a message. Rejects with a ReadFailure where commercetools can't be read now. */
  evaluateMessage(
    message: Message,
    names: ReadonlySet<string>,
    reading: Omit<EvaluationContext, 'needs'>,
  ): Promise<RuleEvaluation[]>;
  /** Asks the named rules about a page of records, side by side, so that their look-ups share queries. */
  evaluateRecords(
    records: readonly unknown[],
    names: ReadonlySet<string>,
    reading: Omit<EvaluationContext, 'needs'>,
  ): Promise<RuleEvaluation[]>;
}

const identified = z.looseObject({ id: z.string(), version: z.number().optional() });

/**
 * Joins rules to the facts that they share.
 * @param kind how the facts come together
 * @param rules pure rules over those facts
 */
export function createRuleGroup<Root, Facts>(kind: FactsLoader<Root, Facts>, rules: readonly Rule<Facts>[]): RuleGroup {
  async function tell(
    root: Root,
    asked: readonly Rule<Facts>[],
    reading: Omit<EvaluationContext, 'needs'>,
  ): Promise<RuleEvaluation[]> {
    const record = kind.refOf(root);
    const needs = new Set(asked.flatMap((rule) => rule.needs ?? []));
    let facts: Facts;
    try {
      facts = await kind.load(root, { ...reading, needs });
    } catch (thrown) {
      if (thrown instanceof z.ZodError) return [unreadable(record, thrown)];
      throw thrown;
    }
    return asked.map((rule): RuleEvaluation => {
      try {
        return { outcome: 'written', record, rule: rule.name, output: rule.map(facts, reading.settings) };
      } catch (thrown) {
        return { outcome: 'failed', record, rule: rule.name, error: toError(thrown) };
      }
    });
  }
  const askedOf = (names: ReadonlySet<string>) => rules.filter((rule) => names.has(rule.name));
  return {
    typeId: kind.typeId,
    rules,
    async evaluateMessage(message, names, reading) {
      let found: Subjects<Root>;
      try {
        found = await kind.fromMessage(message, reading);
      } catch (thrown) {
        if (thrown instanceof z.ZodError) return [unreadable(refOfMessage(message), thrown)];
        throw thrown;
      }
      if ('skip' in found) return [{ outcome: 'skipped', record: refOfMessage(message), reason: found.skip }];
      const told = await Promise.all(found.subjects.map((root) => tell(root, askedOf(names), reading)));
      return told.flat();
    },
    async evaluateRecords(records, names, reading) {
      const told = await Promise.all(
        records.map(async (record): Promise<RuleEvaluation[]> => {
          const parsed = kind.schema.safeParse(record);
          if (!parsed.success) return [unreadable(refOfRecord(kind.typeId, record), parsed.error)];
          return tell(parsed.data, askedOf(names), reading);
        }),
      );
      return told.flat();
    },
  };
}

function unreadable(record: RecordRef, error: z.ZodError): RuleEvaluation {
  const issue = error.issues[0];
  return { outcome: 'unreadable', record, path: issue?.path.join('.') ?? '', reason: issue?.code ?? 'invalid' };
}

function refOfMessage(message: Message): RecordRef {
  const { resource, resourceVersion } = message;
  return { ...resource, ...(resourceVersion === undefined ? {} : { version: resourceVersion }) };
}

function refOfRecord(typeId: string, record: unknown): RecordRef {
  const parsed = identified.safeParse(record);
  return { typeId, id: parsed.success ? parsed.data.id : '?' };
}

function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
