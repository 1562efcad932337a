/**
 * Explains a record: what every rule would send of it now, from which field each value came, what is skipped and why, and
 * what Klaviyo holds. The rules are asked as a sync asks them, with the same look-ups. Nothing is sent.
 */
import PQueue from 'p-queue';
import type { CommercetoolsClient } from '../../commercetools/client.ts';
import type { Lookups } from '../../commercetools/lookups/types.ts';
import { iteratePages, queryByField } from '../../commercetools/pagination.ts';
import type { BulkResource } from '../../commercetools/schemas.ts';
import type { Change } from '../../klaviyo/change.ts';
import type { ReadCurrentState } from '../../klaviyo/inspect/current-state.ts';
import type { DryRun } from '../../klaviyo/inspect/dry-run.ts';
import type { RuleSettings } from '../../rules/settings.ts';
import { type Cause, isDisabled, type RuleEvaluation, type RuleGroup, type Trigger } from '../../rules/types.ts';
import { at, changedBelow, leavesOf } from './json-paths.ts';
import { type AskedByMessage, explainMessage } from './message-diff.ts';
import { type Origins, traceOrigins } from './provenance.ts';
import { rememberLook, type Tweak } from './recording-lookups.ts';
import type { Explained, ExplainedChange, ExplainedRule } from './schema.ts';

export const explainedTypes = ['customer', 'order', 'category', 'product', 'inventory-entry'] as const;
export type ExplainedType = (typeof explainedTypes)[number];

export interface ExplainParts {
  groups: readonly RuleGroup[];
  settings: RuleSettings;
  client: CommercetoolsClient;
  lookups: Lookups;
  /** What would be sent, without sending it. */
  rehearse: DryRun;
  holds: ReadCurrentState;
  now(): Date;
}

/** @returns undefined where commercetools has no such record. Rejects with a ReadFailure where it can't be read now. */
export type Explain = (type: ExplainedType, id: string) => Promise<Explained | undefined>;

/** Of what a sync reads; stock is read with its product there, and alone only for a message. */
const resourceOf: Record<Exclude<ExplainedType, 'inventory-entry'>, BulkResource> = {
  customer: 'customers',
  order: 'orders',
  category: 'categories',
  product: 'products',
};
/** Changes of one rule that are compared with Klaviyo: an order may have hundreds of lines. */
const maxCompared = 20;
const notCompared = {
  requests: [],
  outcome: 'not worked out',
  reason: `only the first ${maxCompared} of a rule are compared with Klaviyo here`,
};

export function createExplain(parts: ExplainParts): Explain {
  // It takes the processor for a while, which realtime shares.
  const oneAtATime = new PQueue({ concurrency: 1 });
  return async (type, id) => {
    const record = await read(parts, type, id);
    if (record === undefined) return undefined;
    const { told, origins } = await oneAtATime.add(() => ask(parts, type, record));
    const groups = parts.groups.filter(({ typeId }) => typeId === type);
    const explained = groups.flatMap((family) =>
      family.rules.map((rule) => explainRule(parts, { family, rule, record, id, told, origins })),
    );
    const version = at(record, ['version']);
    return {
      type,
      id,
      ...(typeof version === 'number' ? { version } : {}),
      asked: askedAs(type),
      whole: origins.whole,
      rules: await Promise.all(explained),
    };
  };
}

/** The record as the API gives it: a rule that can't read it shall say so. */
async function read({ client }: ExplainParts, type: ExplainedType, id: string): Promise<unknown> {
  if (type === 'inventory-entry')
    return (await queryByField(client, { path: 'inventory', field: 'id', values: [id] }))[0];
  const pages = await Array.fromAsync(iteratePages(client, { resource: resourceOf[type], query: { ids: [id] } }));
  return pages.flatMap((page) => page.records)[0];
}

function askedAs(type: ExplainedType): string {
  if (type === 'inventory-entry') return 'as an update of the entry asks; a sync of its product sends the same stock';
  return `as POST /sync/${resourceOf[type]} asks; where a message would do otherwise, each rule says it`;
}

/** Every rule's word, and where the values in it came from. */
async function ask(parts: ExplainParts, type: ExplainedType, record: unknown) {
  const memory = rememberLook(parts.lookups);
  const instant = parts.now();
  const groups = parts.groups
    .filter(({ typeId }) => typeId === type)
    .map((family) => ({ family, names: new Set(family.rules.map(({ name }) => name)) }));
  const settingsName = 'settings';
  const causeName = 'the sync';
  const cause: Cause = { type: 'run', runId: 'explain', backfill: true };

  async function tell(tweak?: Tweak): Promise<RuleEvaluation[]> {
    const own = <Thing>(source: string, thing: Thing) =>
      tweak?.source === source ? changedBelow(thing, tweak.path) : thing;
    const reading = {
      lookups: memory.lookups,
      cause: own(causeName, cause),
      at: instant,
      settings: own(settingsName, parts.settings),
    };
    memory.tweak(tweak);
    const told = await Promise.all(
      groups.map(({ family, names }) => family.evaluateRecords([own(type, record)], names, reading)),
    );
    return told.flat();
  }

  const told = await tell();
  memory.close();
  const sources = new Map<string, unknown>([
    [type, record],
    ...memory.seen,
    [settingsName, parts.settings],
    [causeName, cause],
  ]);
  return { told, origins: await traceOrigins({ sources, ask: tell, before: told }) };
}

interface About extends Omit<AskedByMessage, 'told'> {
  told: readonly RuleEvaluation[];
  origins: Origins;
}

async function explainRule(parts: ExplainParts, about: About): Promise<ExplainedRule> {
  const { rule, told, origins } = about;
  const own = told.find((one) => 'rule' in one && one.rule === rule.name);
  const written = own?.outcome === 'mapped' ? own.output : undefined;
  const problem = problemOf(own ?? told[0]);
  const changes = await explainChanges(parts, { changes: written?.changes ?? [], rule: rule.name, origins });
  const realtime = await explainMessage(parts, { ...about, told: own });
  return {
    rule: rule.name,
    summary: rule.summary,
    triggers: rule.triggers(parts.settings).map((trigger) => wakeOf(trigger, parts.settings)),
    ...(rule.bulk === undefined ? {} : { bulk: rule.bulk }),
    changes,
    skips: written?.skips ?? [],
    warnings: written?.warnings ?? [],
    followUps: written?.followUps ?? [],
    dependsOn: origins.deciding(rule.name),
    ...(realtime === undefined ? {} : { realtime }),
    ...(problem === undefined ? {} : { problem }),
  };
}

function problemOf(told: RuleEvaluation | undefined): string | undefined {
  if (told?.outcome === 'unreadable')
    return `commercetools' record is not as its API describes it: ${told.path} (${told.reason})`;
  if (told?.outcome === 'failed') return `the rule failed by our own fault: ${told.error.message}`;
  return told?.outcome === 'skipped' ? told.reason : undefined;
}

function wakeOf(trigger: Trigger, settings: RuleSettings) {
  const { notificationType, typeId, messageType, disabledBy } = trigger;
  const on = `${typeId} ${messageType ?? notificationType}`;
  return isDisabled(trigger, settings) ? { on, disabledBy } : { on };
}

interface Changes {
  changes: readonly Change[];
  rule: string;
  origins: Origins;
}

async function explainChanges(parts: ExplainParts, about: Changes): Promise<ExplainedChange[]> {
  const { changes, rule, origins } = about;
  const compared = changes.slice(0, maxCompared);
  const [held, rehearsed] = await Promise.all([parts.holds(compared), parts.rehearse(compared)]);
  return changes.map(({ type: kind, ...rest }, index): ExplainedChange => {
    const { now: klaviyo, ...note } = held[index] ?? {};
    const values = [...leavesOf(rest)].map(({ path, value }) => {
      const holds = at(klaviyo, path);
      const origin = origins.of(rule, [String(index), ...path]);
      return { path: path.join('.'), value, ...origin, ...(holds === undefined ? {} : { holds }) };
    });
    return { kind, values, ...(rehearsed[index] ?? notCompared), ...note, ...(klaviyo ? { klaviyo } : {}) };
  });
}
