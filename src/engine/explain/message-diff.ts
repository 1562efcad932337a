/** What a message about the record would do otherwise than a sync: its event wakes flows, an order brings its address. */
import type { Message } from '../../commercetools/messages.ts';
import { causeOf } from '../../rules/cause.ts';
import { isDisabled, type RuleEvaluation, type RuleGroup, type Trigger } from '../../rules/types.ts';
import type { ExplainParts } from './explain.ts';
import { at, differences, type Leaf } from './json-paths.ts';
import type { ExplainedRule } from './schema.ts';

export interface AskedByMessage {
  family: RuleGroup;
  rule: RuleGroup['rules'][number];
  record: unknown;
  id: string;
  /** What the rule said in the sync. */
  told: RuleEvaluation | undefined;
}

/** A rule of an order of many lines would name the same for each. */
const maxDifferences = 30;

/** @returns undefined where no message about the record itself wakes the rule */
export async function explainMessage(
  { lookups, settings, now }: Pick<ExplainParts, 'lookups' | 'settings' | 'now'>,
  { family, rule, record, id, told }: AskedByMessage,
): Promise<ExplainedRule['realtime']> {
  const trigger = rule
    .triggers(settings)
    .find(
      (one) => one.typeId === family.typeId && one.notificationType !== 'ResourceDeleted' && !isDisabled(one, settings),
    );
  if (!trigger) return undefined;
  const message = messageOf(trigger, id, record);
  const reading = { lookups, cause: causeOf(message), at: now(), settings };
  const [said] = await family.evaluateMessage(message, new Set([rule.name]), reading);
  const known = new Set(wordOf(told)?.skips);
  const reasons = said?.outcome === 'skipped' ? [said.reason] : (wordOf(said)?.skips ?? []);
  const skips = reasons.filter((reason) => !known.has(reason));
  return { on: `${trigger.typeId} ${message.type}`, skips, differs: differing(wordOf(told), wordOf(said)) };
}

/** As it comes when nothing but its type is known of it: the record is read. */
function messageOf({ notificationType, typeId, messageType }: Trigger, id: string, record: unknown): Message {
  const changedAt = at(record, ['lastModifiedAt']);
  return {
    notificationType,
    type: messageType ?? notificationType,
    id: 'explain',
    resource: { typeId, id },
    createdAt: typeof changedAt === 'string' ? changedAt : '',
    payload: {},
  };
}

function wordOf(told: RuleEvaluation | undefined) {
  return told?.outcome === 'mapped' ? told.output : undefined;
}

type Word = ReturnType<typeof wordOf>;

/** Values that only the message sends, or sends otherwise; without a value: those that it does not send. */
function differing(sync: Word, message: Word): { path: string; value?: Leaf }[] {
  const [before, after] = [sync?.changes ?? [], message?.changes ?? []];
  const paths = new Set(
    [...differences(after, before), ...differences(before, after)].map(({ path }) => path.join('.')),
  );
  return [...paths].slice(0, maxDifferences).map((path) => {
    const value = at(after, path.split('.'));
    const isValue =
      typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' || value === null;
    return isValue ? { path, value } : { path };
  });
}
