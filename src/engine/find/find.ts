/**
 * Finds a record by an identifier and reports its deliveries, from the delivery log, the dead letters, and what commercetools and
 * Klaviyo hold now. Writes nothing, except `again`, which sends a record again as a sync does.
 */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Change } from '../../klaviyo/change.ts';
import type { CurrentState, ReadCurrentState } from '../../klaviyo/inspect/current-state.ts';
import type { ReadRecordedEvents } from '../../klaviyo/inspect/recorded-events.ts';
import { LookupUnavailable, messageOf } from '../../lib/errors.ts';
import { omitUndefined } from '../../lib/omit-undefined.ts';
import type { RuleSelection } from '../../rules/select-rules.ts';
import type { RuleSettings } from '../../rules/settings.ts';
import type { RecordRef, RuleEvaluation, RuleGroup } from '../../rules/types.ts';
import type { DeadLetter, DeadLetters } from '../delivery/dead-letters.ts';
import type { DeliveryLog } from '../delivery/delivery-log.ts';
import type { DeliveryEntry } from '../delivery/delivery-log-page.ts';
import type { Evaluate } from '../delivery/evaluate.ts';
import type { Replay, ReplayResult } from '../delivery/replay.ts';
import { type ResolveDeps, type ResolvedRecord, resolveText } from './resolve.ts';
import { type FindableType, type FindResult, type FoundRecord, findableTypes, type TimelineEntry } from './schema.ts';
import { sentenceOf } from './sentence.ts';

export interface FindDeps extends ResolveDeps {
  groups: readonly RuleGroup[];
  settings: RuleSettings;
  evaluate: Evaluate;
  deliveryLog: Pick<DeliveryLog, 'of'>;
  deadLetters: Pick<DeadLetters, 'list'>;
  currentState: ReadCurrentState;
  recordedEvents: ReadRecordedEvents;
  replay: Pick<Replay, 'resend'>;
  now(): Date;
}

export interface Find {
  /** @param full also what would be sent, which holds personal data. Rejects with a CommercetoolsError or LookupUnavailable */
  find(text: string, full?: boolean): Promise<FindResult>;
  /** Sends a record again as a sync does: its events trigger no flows. */
  again(type: FindableType, id: string): Promise<ReplayResult>;
}

/** Each is evaluated and compared with Klaviyo. */
const maxShown = 5;
const profileOf = z.looseObject({ profile: z.looseObject({ id: z.string() }) });

export function createFind(deps: FindDeps): Find {
  const types = findableTypes.filter((type) => type !== 'cart' || deps.settings.carts.enabled);
  return {
    async find(text, full = false) {
      const { records, notes } = await resolveText(deps, text.trim(), types);
      const shown = records.slice(0, maxShown);
      const history = await historyOf(deps, shown);
      const matches = await Promise.all(shown.map((record) => describeRecord(deps, { record, history, full })));
      return { matches, more: records.length - shown.length, notes: [...notes, ...history.notes] };
    },
    again(type, id) {
      const cause = { type: 'run', runId: `find-${randomUUID()}`, backfill: true } as const;
      return deps.replay.resend({ record: { typeId: type, id }, rule: '', cause });
    },
  };
}

interface History {
  log: readonly DeliveryEntry[];
  letters: readonly DeadLetter[];
  notes: string[];
}

/** Without the store the rest is still reported. */
async function historyOf({ deliveryLog, deadLetters }: FindDeps, records: readonly ResolvedRecord[]): Promise<History> {
  const refs = records.map(({ type, id }) => ({ typeId: type, id }));
  if (refs.length === 0) return { log: [], letters: [], notes: [] };
  const notes: string[] = [];
  const read = async <Item>(name: string, list: Promise<Item[]>): Promise<Item[]> => {
    try {
      return await list;
    } catch (thrown) {
      notes.push(`${name} can't be read: ${messageOf(thrown)}`);
      return [];
    }
  };
  const [log, letters] = await Promise.all([
    read('the delivery log', deliveryLog.of(refs)),
    read('dead letters', Array.fromAsync(deadLetters.list())),
  ]);
  return { log, letters, notes };
}

async function describeRecord(
  deps: FindDeps,
  { record: resolved, history, full }: { record: ResolvedRecord; history: History; full: boolean },
): Promise<FoundRecord> {
  const { type, id, version, name, record } = resolved;
  const isOwn = (ref: RecordRef | undefined) => ref?.typeId === type && ref.id === id;
  const log = history.log.filter((entry) => isOwn(entry.record));
  const letters = history.letters.filter((letter) => isOwn(letter.record));
  const cause = { type: 'run', runId: `find-${randomUUID()}`, backfill: true } as const;
  const { evaluations, problem } = await deps
    .evaluate({ records: [record] }, syncedRules(deps.groups, type), cause)
    .then((list) => ({ evaluations: list, problem: undefined }), withoutLookups);
  const outputs = evaluations.flatMap((each) => (each.outcome === 'mapped' ? [each] : []));
  const changes = outputs.flatMap(({ output }) => output.changes);
  const skips = [...new Set(evaluations.flatMap(skipsOf))];
  const side = await klaviyoSide(deps, changes);
  const { recorded } = side;
  const klaviyo = problem === undefined ? side.klaviyo : { ...side.klaviyo, note: problem };
  const rejections = letters.map(({ rule, code, detail }) => ({ rule, reason: `${code}: ${detail}` }));
  const ruleOf = new Map(
    outputs.flatMap(({ rule, output }) => output.changes.map((change) => [metricOf(change), rule])),
  );
  const { fulfilledOrder: fulfilledMetric, cancelledOrder: cancelledMetric } = deps.settings.order.metrics;
  const findings = {
    type,
    name,
    record,
    klaviyo,
    skips,
    log,
    rejections,
    ruleOf,
    fulfilledMetric,
    cancelledMetric,
    now: deps.now(),
  };
  const timeline = [...log.map(fromLog), ...letters.map(fromLetter), ...recorded];
  return omitUndefined({
    record: omitUndefined({ typeId: type, id, version }),
    name,
    sentence: sentenceOf(findings),
    timeline: timeline.sort((left, right) => (left.at < right.at ? -1 : 1)),
    ...{ klaviyo, skips },
    changes: full ? changes : undefined,
  });
}

/** The rules that a sync of the record evaluates: others are about messages, such as its deletion. */
function syncedRules(groups: readonly RuleGroup[], type: FindableType): RuleSelection {
  const rules = groups
    .filter(({ typeId }) => typeId === type)
    .map((group): [RuleGroup, Set<string>] => {
      const synced = group.rules.filter(({ bulk }) => bulk !== undefined);
      return [group, new Set(synced.map(({ name }) => name))];
    });
  return new Map(rules.filter(([, names]) => names.size > 0));
}

/** Rules look up profiles: while Klaviyo is unavailable the log is still shown. */
function withoutLookups(thrown: unknown): { evaluations: RuleEvaluation[]; problem: string } {
  if (!(thrown instanceof LookupUnavailable)) throw thrown;
  return { evaluations: [], problem: thrown.message };
}

function metricOf(change: Change): string {
  return change.type === 'event' ? change.metric : change.type;
}

function skipsOf(evaluation: RuleEvaluation): string[] {
  switch (evaluation.outcome) {
    case 'mapped':
      return evaluation.output.skips;
    case 'skipped':
      return [evaluation.reason];
    case 'unreadable':
      return [`the record does not match commercetools' API: ${evaluation.path} (${evaluation.reason})`];
    case 'failed':
      return [`the rule ${evaluation.rule} fails (${evaluation.error.name})`];
  }
}

interface KlaviyoSide {
  klaviyo: FoundRecord['klaviyo'];
  recorded: TimelineEntry[];
}

/** All events of an order or a cart are of one profile. */
async function klaviyoSide(
  { currentState, recordedEvents }: FindDeps,
  changes: readonly Change[],
): Promise<KlaviyoSide> {
  const events = changes.filter((change) => change.type === 'event');
  const subject = events[0] ?? changes[0];
  if (!subject) return { klaviyo: { state: 'unknown', events: [] }, recorded: [] };
  const [found = {}] = await currentState([subject]);
  const profileId = profileOf.safeParse(found.now).data?.profile.id;
  const expected = events.map(({ metric, uniqueId }) => ({ metric, uniqueId }));
  const state = stateOf(found, subject);
  const known = omitUndefined({ state, profileId });
  const note = subject.type === 'event' ? undefined : found.note;
  if (events.length === 0) return { klaviyo: omitUndefined({ ...known, events: [], note }), recorded: [] };
  if (profileId === undefined) {
    const isAbsent = state === 'absent';
    const absent = expected.map((event) => (isAbsent ? { ...event, recorded: false } : event));
    return {
      klaviyo: omitUndefined({ ...known, events: absent, note: isAbsent ? undefined : found.note }),
      recorded: [],
    };
  }
  const listed = await recordedEvents(
    profileId,
    events.map(({ metric }) => metric),
  );
  if ('problem' in listed) return { klaviyo: { ...known, events: expected, note: listed.problem }, recorded: [] };
  const of = ({ metric, uniqueId }: (typeof expected)[number]) =>
    listed.find((event) => event.metric === metric && event.uniqueId === uniqueId);
  const recorded = expected.flatMap((event): TimelineEntry[] => {
    const match = of(event);
    return match ? [{ at: match.datetime, source: 'klaviyo', subject: event.metric, outcome: 'recorded' }] : [];
  });
  const compared = expected.map((event) => ({ ...event, recorded: of(event) !== undefined }));
  return { klaviyo: { ...known, events: compared }, recorded };
}

/** A note of an event says that events are not looked up, also if there is no profile. */
function stateOf({ now, note }: CurrentState, subject: Change): FoundRecord['klaviyo']['state'] {
  if (now) return 'present';
  return note === undefined || subject.type === 'event' ? 'absent' : 'unknown';
}

function fromLog({ record: _record, rule, wrote, ...entry }: DeliveryEntry): TimelineEntry {
  return { source: 'delivery-log', subject: wrote ?? (rule || 'message'), ...entry };
}

function fromLetter({ id, rule, code, detail, lastAt, count }: DeadLetter): TimelineEntry {
  const subject = rule || 'record';
  return {
    at: lastAt,
    source: 'dead-letter',
    subject,
    outcome: 'rejected',
    reason: `${code}: ${detail}`,
    count,
    deadLetterId: id,
  };
}
