/** Compares what a message about a record would send with what a sync sends: triggered flows, the address of an order. */
import type { Message } from '../../commercetools/messages.ts';
import { causeOf } from '../../rules/cause.ts';
import { isDisabled, type RuleEvaluation, type RuleGroup, type RuleOutput, type Trigger } from '../../rules/types.ts';
import { createEvaluate, type EvaluateDeps } from '../delivery/evaluate.ts';
import { differences, isLeaf, type Leaf, valueAt } from './json-paths.ts';
import { klaviyoPathInList } from './klaviyo-path.ts';
import type { ExplainedRule } from './schema.ts';

/** A rule with its evaluation for a record, as in a sync. */
export interface EvaluatedRule {
  group: RuleGroup;
  rule: RuleGroup['rules'][number];
  record: unknown;
  id: string;
  evaluation: RuleEvaluation | undefined;
}

/** A rule for an order with many lines would list the same difference for each line. */
const maxDifferences = 30;

/** @returns undefined if no message about the record itself triggers the rule */
export async function diffWithMessage(
  deps: EvaluateDeps,
  { group, rule, record, id, evaluation }: EvaluatedRule,
): Promise<ExplainedRule['realtime']> {
  if (rule.offBy?.(deps.settings) !== undefined) return undefined;
  const trigger = rule
    .triggers(deps.settings)
    .find(
      (candidate) =>
        candidate.typeId === group.typeId &&
        candidate.notificationType !== 'ResourceDeleted' &&
        !isDisabled(candidate, deps.settings),
    );
  if (!trigger) return undefined;
  const message = messageFor(trigger, id, record);
  const evaluate = createEvaluate(deps);
  const [forMessage] = await evaluate({ message }, new Map([[group, new Set([rule.name])]]), causeOf(message));
  const [inSync, inRealtime] = [outputOf(evaluation), outputOf(forMessage)];
  const known = new Set(inSync?.skips);
  const reasons = forMessage?.outcome === 'skipped' ? [forMessage.reason] : (inRealtime?.skips ?? []);
  return {
    on: `${trigger.typeId} ${message.type}`,
    skips: reasons.filter((reason) => !known.has(reason)),
    differs: diff(inSync, inRealtime),
  };
}

/** A message of which only the type is known, so that the record is read. */
function messageFor({ notificationType, typeId, messageType }: Trigger, id: string, record: unknown): Message {
  const modifiedAt = valueAt(record, ['lastModifiedAt']);
  return {
    notificationType,
    type: messageType ?? notificationType,
    id: 'explain',
    resource: { typeId, id },
    createdAt: typeof modifiedAt === 'string' ? modifiedAt : '',
    payload: {},
  };
}

function outputOf(evaluation: RuleEvaluation | undefined): RuleOutput | undefined {
  return evaluation?.outcome === 'mapped' ? evaluation.output : undefined;
}

/** @returns values that only the message sends, or sends differently; without a value: those that it does not send */
function diff(inSync: RuleOutput | undefined, inRealtime: RuleOutput | undefined): { path: string; value?: Leaf }[] {
  const [before, after] = [inSync?.changes ?? [], inRealtime?.changes ?? []];
  const paths = new Set(
    [...differences(after, before), ...differences(before, after)].map(({ path }) => path.join('.')),
  );
  return [...paths].slice(0, maxDifferences).map((path) => {
    const value = valueAt(after, path.split('.'));
    const name = klaviyoPathInList(path.split('.'));
    return isLeaf(value) ? { path: name, value } : { path: name };
  });
}
