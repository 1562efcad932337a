/**
 * The contract of a rule: one thing that Klaviyo gets to know. A rule is pure: facts in, changes out; no clock, no
 * look-up, no random id. Rules that need the same facts form a family, whose facts are gathered once.
 */
import { z } from 'zod';
import type { Look } from '../commercetools/lookups/types.ts';
import type { Message, NotificationType } from '../commercetools/messages.ts';
import type { BulkResource } from '../commercetools/schemas.ts';
import type { Change, Warning } from '../klaviyo/change.ts';
import type { DisabledEvent, RuleSettings } from './settings.ts';

/** Why a rule was asked. A dead letter keeps it (no personal data in it), so that a replay means the same thing. */
export type Cause = OriginalCause | { kind: 'replay'; original: Cause };

const notificationTypes = [
  'Message',
  'ResourceCreated',
  'ResourceUpdated',
  'ResourceDeleted',
] as const satisfies readonly NotificationType[];

const messageCauseSchema = z.object({
  kind: z.literal('message'),
  messageId: z.string(),
  /** What the message is about: a payment leads to its order. */
  resource: z.object({ typeId: z.string(), id: z.string() }),
  notificationType: z.enum(notificationTypes),
  type: z.string(),
  /** ISO 8601: when it happened in commercetools. */
  createdAt: z.string(),
  resourceVersion: z.number().optional(),
  /** OrderStateChanged: the state that the order came into. */
  orderState: z.string().optional(),
  /** OrderCustomerSet: whose it became and was. */
  customerId: z.string().optional(),
  oldCustomerId: z.string().optional(),
  /** The message carried the record itself, as it was when the message was written. */
  carried: z.boolean(),
  /** The message was too large to be delivered with its own fields, so what it said beyond its type is not known. */
  withoutPayload: z.boolean().optional(),
  /** Inventory entries and standalone prices: what they belong to, known even when the entry is gone. */
  sku: z.string().optional(),
  /** Inventory entries: the supply channel of the entry that changed. */
  channelId: z.string().optional(),
});
const runCauseSchema = z.object({ kind: z.literal('run'), runId: z.string(), backfill: z.boolean() });
/** What a dead letter keeps: never the replay itself. */
export const causeSchema = z.discriminatedUnion('kind', [messageCauseSchema, runCauseSchema]);
export type OriginalCause = z.infer<typeof causeSchema>;

/** The cause behind any number of replays. */
export function originOf(cause: Cause): OriginalCause {
  return cause.kind === 'replay' ? originOf(cause.original) : cause;
}

/** The run that asks, or whose record is told again. */
export function runOf(cause: Cause): string | undefined {
  const origin = originOf(cause);
  return origin.kind === 'run' ? origin.runId : undefined;
}

/** A record of commercetools, by reference. */
export const recordRefSchema = z.object({ typeId: z.string(), id: z.string(), version: z.number().optional() });
export type RecordRef = z.infer<typeof recordRefSchema>;

/** A small run that shall follow: `where` is a commercetools query predicate. Equal ones are merged. */
export interface Follow {
  resource: BulkResource;
  where: string;
  reason: string;
}

/** What a rule says of one record. Without changes there is at least one skip: nothing happens without a reason. */
export interface Written {
  changes: Change[];
  /** Why something was not sent, one entry for each thing. */
  skips: string[];
  warnings: Warning[];
  follows: Follow[];
}

/** Nothing is to be done, for this reason. */
export function skip(reason: string): Written {
  return { changes: [], skips: [reason], warnings: [], follows: [] };
}

/** These changes shall be made. */
export function changes(list: Change[], more: Partial<Omit<Written, 'changes'>> = {}): Written {
  return { changes: list, skips: [], warnings: [], follows: [], ...more };
}

/** What wakes a rule: a message type or a change of a resource, unless the merchant disabled the event. */
export interface Wake {
  notificationType: Exclude<NotificationType, 'ResourceCreated'>;
  typeId: string;
  /** Only for notificationType Message. */
  messageType?: string;
  /** Absent for a rule of the merchant's own: what he does not want he does not write. */
  unless?: DisabledEvent;
}

/** The merchant does not want what this wakes for. */
export function isDisabled({ unless }: Wake, { disabledEvents }: Pick<RuleSettings, 'disabledEvents'>): boolean {
  return unless !== undefined && disabledEvents.includes(unless);
}

/** Wakes for these message types of a resource. */
export function messages(typeId: string, types: readonly string[], unless?: DisabledEvent): Wake[] {
  const off = unless === undefined ? {} : { unless };
  return types.map((messageType) => ({ notificationType: 'Message', typeId, messageType, ...off }));
}

/** A wake for the update or deletion of a resource. */
export function change(
  typeId: string,
  notificationType: 'ResourceUpdated' | 'ResourceDeleted',
  unless?: DisabledEvent,
): Wake {
  return { notificationType, typeId, ...(unless === undefined ? {} : { unless }) };
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
  wakes(settings: RuleSettings): Wake[];
  /** The bulk sync that replays it. */
  bulk?: BulkResource;
  write(facts: Facts, settings: RuleSettings): Written;
}

/** What a rule's facts are gathered with. */
export interface Reading {
  look: Look;
  cause: Cause;
  /** The clock, read once for each message or page. */
  at: Date;
  /** The union of the woken rules' `needs`. */
  needs: ReadonlySet<string>;
  settings: RuleSettings;
}

/** The records that a message is about, or why there is none. */
export type Roots<Root> = { roots: Root[] } | { skip: string };

/** How the facts of a family of rules come together. */
export interface FactsKind<Root, Facts> {
  /** commercetools' type id of the record that the facts are about. */
  typeId: string;
  /** A record of the bulk reader's page. */
  schema: z.ZodType<Root>;
  /**
   * The payload's record, or the record read by id. A replayed message has no payload: what it said is in
   * `reading.cause`. A ZodError thrown here means unreadable.
   */
  fromMessage(message: Message, reading: Omit<Reading, 'needs'>): Promise<Roots<Root>>;
  gather(root: Root, reading: Reading): Promise<Facts>;
  refOf(root: Root): RecordRef;
}

/** What became of one record: each asked rule's word, or why it could not be read. */
export type Told =
  | { outcome: 'written'; record: RecordRef; rule: string; written: Written }
  | { outcome: 'skipped'; record: RecordRef; reason: string }
  /** The record is not what commercetools' API describes: `path` names the field. */
  | { outcome: 'unreadable'; record: RecordRef; path: string; reason: string }
  /** A rule threw: our own bug, or a merchant's hook. */
  | { outcome: 'failed'; record: RecordRef; rule: string; error: Error };

/** Rules that share their facts, with the types of those facts closed in. */
export interface RuleFamily {
  typeId: string;
  rules: readonly Omit<Rule<never>, 'write'>[];
  /** Asks the named rules about a message. Rejects with a ReadFailure where commercetools can't be read now. */
  tellMessage(message: Message, names: ReadonlySet<string>, reading: Omit<Reading, 'needs'>): Promise<Told[]>;
  /** Asks the named rules about a page of records, side by side, so that their look-ups share queries. */
  tellRecords(
    records: readonly unknown[],
    names: ReadonlySet<string>,
    reading: Omit<Reading, 'needs'>,
  ): Promise<Told[]>;
}

const identified = z.looseObject({ id: z.string(), version: z.number().optional() });

/**
 * Joins rules to the facts that they share.
 * @param kind how the facts come together
 * @param rules pure rules over those facts
 */
export function family<Root, Facts>(kind: FactsKind<Root, Facts>, rules: readonly Rule<Facts>[]): RuleFamily {
  async function tell(root: Root, asked: readonly Rule<Facts>[], reading: Omit<Reading, 'needs'>): Promise<Told[]> {
    const record = kind.refOf(root);
    const needs = new Set(asked.flatMap((rule) => rule.needs ?? []));
    let facts: Facts;
    try {
      facts = await kind.gather(root, { ...reading, needs });
    } catch (thrown) {
      if (thrown instanceof z.ZodError) return [unreadable(record, thrown)];
      throw thrown;
    }
    return asked.map((rule): Told => {
      try {
        return { outcome: 'written', record, rule: rule.name, written: rule.write(facts, reading.settings) };
      } catch (thrown) {
        return { outcome: 'failed', record, rule: rule.name, error: toError(thrown) };
      }
    });
  }
  const askedOf = (names: ReadonlySet<string>) => rules.filter((rule) => names.has(rule.name));
  return {
    typeId: kind.typeId,
    rules,
    async tellMessage(message, names, reading) {
      let found: Roots<Root>;
      try {
        found = await kind.fromMessage(message, reading);
      } catch (thrown) {
        if (thrown instanceof z.ZodError) return [unreadable(refOfMessage(message), thrown)];
        throw thrown;
      }
      if ('skip' in found) return [{ outcome: 'skipped', record: refOfMessage(message), reason: found.skip }];
      const told = await Promise.all(found.roots.map((root) => tell(root, askedOf(names), reading)));
      return told.flat();
    },
    async tellRecords(records, names, reading) {
      const told = await Promise.all(
        records.map(async (record): Promise<Told[]> => {
          const parsed = kind.schema.safeParse(record);
          if (!parsed.success) return [unreadable(refOfRecord(kind.typeId, record), parsed.error)];
          return tell(parsed.data, askedOf(names), reading);
        }),
      );
      return told.flat();
    },
  };
}

function unreadable(record: RecordRef, error: z.ZodError): Told {
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
