/**
 * Explains a record: what every rule would send for it now, from which fields each value comes, what is skipped and why,
 * and what Klaviyo holds. Evaluates as a bulk sync does, with the same lookups. Writes nothing.
 */
import PQueue from 'p-queue';
import type { CommercetoolsClient } from '../../commercetools/client.ts';
import type { Lookups } from '../../commercetools/lookups/types.ts';
import { iteratePages, queryByField } from '../../commercetools/pagination.ts';
import type { BulkResource } from '../../commercetools/schemas.ts';
import type { Change } from '../../klaviyo/change.ts';
import type { ReadCurrentState } from '../../klaviyo/inspect/current-state.ts';
import type { DryRun } from '../../klaviyo/inspect/dry-run.ts';
import type { ProfileLookups } from '../../klaviyo/profile-lookups.ts';
import { omitUndefined } from '../../lib/omit-undefined.ts';
import { allRulesOf } from '../../rules/select-rules.ts';
import type { RuleSettings } from '../../rules/settings.ts';
import { type Cause, isDisabled, type RuleEvaluation, type RuleGroup, type Trigger } from '../../rules/types.ts';
import { createEvaluate } from '../delivery/evaluate.ts';
import { leavesOf, valueAt, withChangedLeaves } from './json-paths.ts';
import { klaviyoPath } from './klaviyo-path.ts';
import { diffWithMessage, type EvaluatedRule } from './message-diff.ts';
import { type Provenance, traceProvenance } from './provenance.ts';
import { type Perturbation, recordLookups } from './recording-lookups.ts';
import type { Explained, ExplainedChange, ExplainedRule } from './schema.ts';
import { verdictOf } from './verdict.ts';

export const explainedTypes = ['customer', 'order', 'category', 'product', 'inventory-entry'] as const;
export type ExplainedType = (typeof explainedTypes)[number];

export interface ExplainDeps {
  groups: readonly RuleGroup[];
  settings: RuleSettings;
  client: CommercetoolsClient;
  lookups: Lookups;
  profiles: ProfileLookups;
  dryRun: DryRun;
  currentState: ReadCurrentState;
  now(): Date;
}

/** @returns undefined if commercetools has no such record. Rejects with a CommercetoolsError if it can't be read now. */
export type Explain = (type: ExplainedType, id: string) => Promise<Explained | undefined>;

/** A sync reads stock with its product; an inventory entry alone is read only for a message. */
const resourceOf: Record<Exclude<ExplainedType, 'inventory-entry'>, BulkResource> = {
  customer: 'customers',
  order: 'orders',
  category: 'categories',
  product: 'products',
};

/** Changes per rule that are compared with Klaviyo: an order may have hundreds of lines. */
const maxCompared = 20;
const notCompared = {
  requests: [],
  outcome: 'not compared',
  reason: `only the first ${maxCompared} changes of a rule are compared with Klaviyo here`,
};

export function createExplain(deps: ExplainDeps): Explain {
  // An explanation uses the CPU, which realtime shares.
  const oneAtATime = new PQueue({ concurrency: 1 });
  return async (type, id) => {
    const record = await readRecord(deps, type, id);
    if (record === undefined) return undefined;
    const { evaluations, provenance } = await oneAtATime.add(() => evaluateRecord(deps, type, record));
    const groups = deps.groups.filter(({ typeId }) => typeId === type);
    const rules = groups.flatMap((group) =>
      group.rules.map((rule) => explainRule(deps, { group, rule, record, id, evaluations, provenance })),
    );
    const version = valueAt(record, ['version']);
    const known = { type, id, ...(typeof version === 'number' ? { version } : {}) };
    const asked = describeEvaluation(type);
    const explained = { ...known, asked, whole: provenance.isComplete, rules: await Promise.all(rules) };
    return { verdict: verdictOf(explained, record), ...explained };
  };
}

/** @returns the record as the API returned it: a rule that can't read it says so itself */
async function readRecord({ client }: ExplainDeps, type: ExplainedType, id: string): Promise<unknown> {
  if (type === 'inventory-entry')
    return (await queryByField(client, { path: 'inventory', field: 'id', values: [id] }))[0];
  const pages = await Array.fromAsync(iteratePages(client, { resource: resourceOf[type], query: { ids: [id] } }));
  return pages.flatMap((page) => page.records)[0];
}

function describeEvaluation(type: ExplainedType): string {
  if (type === 'inventory-entry') return 'as for an update of the entry; a sync of its product sends the same stock';
  return `as in a bulk sync of ${resourceOf[type]}; each rule lists what a message would send differently`;
}

const settingsSource = 'settings';
const causeSource = 'the sync';

/** Evaluates all rules of the type, then traces from which fields their values come. */
async function evaluateRecord(deps: ExplainDeps, type: ExplainedType, record: unknown) {
  const recorded = recordLookups(deps.lookups, deps.profiles);
  const at = deps.now();
  const rules = allRulesOf(deps.groups, type);
  const cause: Cause = { type: 'run', runId: 'explain', backfill: true };

  function evaluate(perturbation?: Perturbation): Promise<RuleEvaluation[]> {
    const perturbed = <Value>(source: string, value: Value) =>
      perturbation?.source === source ? withChangedLeaves(value, perturbation.path) : value;
    recorded.perturb(perturbation);
    const settings = perturbed(settingsSource, deps.settings);
    const { lookups, profiles } = recorded;
    const run = createEvaluate({ settings, lookups, profiles, now: () => at });
    return run({ records: [perturbed(type, record)] }, rules, perturbed(causeSource, cause));
  }

  const evaluations = await evaluate();
  recorded.close();
  const sources = new Map<string, unknown>([
    [type, record],
    ...recorded.seen,
    [settingsSource, deps.settings],
    [causeSource, cause],
  ]);
  return { evaluations, provenance: await traceProvenance({ sources, evaluate, original: evaluations }) };
}

interface RuleToExplain extends Omit<EvaluatedRule, 'evaluation'> {
  evaluations: readonly RuleEvaluation[];
  provenance: Provenance;
}

async function explainRule(deps: ExplainDeps, toExplain: RuleToExplain): Promise<ExplainedRule> {
  const { rule, evaluations, provenance } = toExplain;
  const evaluation = evaluations.find((candidate) => 'rule' in candidate && candidate.rule === rule.name);
  const output = evaluation?.outcome === 'mapped' ? evaluation.output : undefined;
  const problem = problemOf(evaluation ?? evaluations[0]);
  const changes = await explainChanges(deps, output?.changes ?? [], { rule: rule.name, provenance });
  const realtime = await diffWithMessage(deps, { ...toExplain, evaluation });
  const { skips = [], warnings = [], followUps = [] } = output ?? {};
  return omitUndefined({
    rule: rule.name,
    summary: rule.summary,
    triggers: rule.triggers(deps.settings).map((trigger) => describeTrigger(trigger, deps.settings)),
    offBy: rule.offBy?.(deps.settings),
    ...{ bulk: rule.bulk, changes, skips, warnings, followUps },
    dependsOn: provenance.deciding(rule.name),
    ...{ realtime, problem },
  });
}

/** Only what is sent is explained. */
function withoutOrder(change: Change): Change {
  if (change.type !== 'event') return change;
  const { order: _order, isProfileLookedUp: _isProfileLookedUp, ...event } = change;
  return event;
}

function problemOf(evaluation: RuleEvaluation | undefined): string | undefined {
  if (evaluation?.outcome === 'unreadable')
    return `the record does not match commercetools' API: ${evaluation.path} (${evaluation.reason})`;
  if (evaluation?.outcome === 'failed') return `the rule failed with an internal error: ${evaluation.error.message}`;
  return evaluation?.outcome === 'skipped' ? evaluation.reason : undefined;
}

function describeTrigger(trigger: Trigger, settings: RuleSettings) {
  const { notificationType, typeId, messageType, disabledBy } = trigger;
  const on = `${typeId} ${messageType ?? notificationType}`;
  return isDisabled(trigger, settings) ? { on, disabledBy } : { on };
}

async function explainChanges(
  { currentState, dryRun }: ExplainDeps,
  changes: readonly Change[],
  { rule, provenance }: { rule: string; provenance: Provenance },
): Promise<ExplainedChange[]> {
  const compared = changes.slice(0, maxCompared);
  const [states, dryRuns] = await Promise.all([currentState(compared), dryRun(compared)]);
  return changes.map((change, index): ExplainedChange => {
    const { type, ...fields } = withoutOrder(change);
    const { now: klaviyo, ...note } = states[index] ?? {};
    const values = [...leavesOf(fields)].map(({ path, value }) => {
      const currentValue = valueAt(klaviyo, path);
      const origin = provenance.of(rule, [String(index), ...path]);
      return { path: klaviyoPath(path), value, ...origin, ...(currentValue === undefined ? {} : { currentValue }) };
    });
    return { type, values, ...(dryRuns[index] ?? notCompared), ...note, ...(klaviyo ? { klaviyo } : {}) };
  });
}
