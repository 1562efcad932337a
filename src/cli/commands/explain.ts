/** `ctk explain`: shows what would be sent for a record, and why. With `--full` or `--json` the output holds personal data. */
import type { Command } from 'commander';
import { type Explain, explainedTypes } from '../../engine/explain/explain.ts';
import type { Explained, ExplainedChange, ExplainedRule } from '../../engine/explain/schema.ts';
import { subjectOf } from '../../engine/explain/verdict.ts';
import { CommandError, type Terminal } from '../output/terminal.ts';
import { withComponents } from '../with-services.ts';

/** Reads from the APIs directly, without a running service. */
export function define(command: Command, terminal: Terminal): void {
  command
    .argument('<type>', explainedTypes.join(', '))
    .argument('<id>', "commercetools' id of the record")
    .option('--full', 'each field with its source and what Klaviyo holds; holds personal data')
    .option('--json', 'as JSON, with the requests as Klaviyo would get them')
    .action((type: string, id: string, { json, full }: { json?: true; full?: true }) =>
      withComponents(async (components) => {
        const explained = await find(components.explain, type, id);
        if (json) terminal.json(explained);
        else for (const line of (full ? linesOf : summaryOf)(explained, terminal)) terminal.line(line);
      }),
    );
}

async function find(explain: Explain, type: string, id: string): Promise<Explained> {
  const explainedType = explainedTypes.find((known) => known === type);
  if (!explainedType) throw new CommandError(`there is no type ${type}; take one of ${explainedTypes.join(', ')}`);
  const explained = await explain(explainedType, id);
  if (!explained) throw new CommandError(`commercetools has no ${type} with the id ${id}`);
  return explained;
}

/** Of the summary, with the verdict and the last line. */
const maxLines = 10;

/** @returns the verdict, then a line for each subject; no values, because those hold personal data */
function summaryOf({ verdict, rules }: Explained, { colors }: Terminal): string[] {
  const lines = rules.flatMap((rule) =>
    [...Map.groupBy(rule.changes, subjectOf)].map(subjectLine).concat(skipLines(rule)),
  );
  const room = maxLines - 2;
  const shown = lines.length > room ? [...lines.slice(0, room - 1), `… and ${lines.length - room + 1} more`] : lines;
  const hint = '--full shows each field, its source, and what Klaviyo holds (personal data)';
  return [colors.bold(verdict), ...shown.map((line) => `  ${line}`), colors.dim(hint)];
}

function subjectLine([subject, changes]: [string, ExplainedChange[]]): string {
  const [first] = changes;
  const times = changes.length > 1 ? ` × ${changes.length}` : '';
  const changed = new Set(changes.flatMap(changedFields));
  const fields = [...changed].slice(0, maxFields).join(', ');
  const more = changed.size > maxFields ? ` and ${changed.size - maxFields} more fields` : '';
  const requests = new Set(changes.flatMap((change) => change.requests.map(({ method, path }) => `${method} ${path}`)));
  const sent = [...requests].slice(0, 2).join(', ') || first?.reason || 'no request, Klaviyo holds all of it';
  return `${subject}${times}: ${sent}${fields && requests.size > 0 ? `; ${fields}${more}` : ''}`;
}

const maxFields = 6;

/** Fields that differ from what Klaviyo holds; of an event, which can't be changed, its own fields. */
function changedFields({ type, values, klaviyo }: ExplainedChange): string[] {
  const sent = values.filter(({ value, currentValue }) => klaviyo === undefined || currentValue !== value);
  const isOwn = ({ path }: ExplainedChange['values'][number]) =>
    type !== 'event' || !/^(profile|properties)\./.test(path);
  return sent.filter(isOwn).map(({ path }) => path);
}

function skipLines({ rule, skips, problem }: ExplainedRule): string[] {
  const reasons = problem === undefined || skips.includes(problem) ? skips : [problem, ...skips];
  return reasons.map((reason) => `${rule}: not sent, ${reason}`);
}

function linesOf({ verdict, type, id, version, asked, whole, rules }: Explained, terminal: Terminal): string[] {
  const { colors } = terminal;
  return [
    colors.bold(verdict),
    `${colors.bold(`${type} ${id}`)}${version === undefined ? '' : `, version ${version}`}`,
    colors.dim(asked),
    ...(whole ? [] : [colors.yellow('the record is so large that not every field was followed')]),
    ...rules.flatMap((rule) => ['', ...ruleLines(rule, terminal)]),
  ];
}

function ruleLines(rule: ExplainedRule, terminal: Terminal): string[] {
  const { colors } = terminal;
  const triggers = rule.triggers.map(({ on, disabledBy }) =>
    disabledBy === undefined ? on : `${on} (off: ${disabledBy})`,
  );
  return [
    `${colors.bold(rule.rule)}  ${colors.dim(rule.summary)}`,
    rule.offBy === undefined ? `  triggered by ${triggers.join(', ') || 'nothing'}` : `  off: ${rule.offBy} is empty`,
    ...(rule.problem === undefined ? [] : [`  ${colors.red(`problem: ${rule.problem}`)}`]),
    ...rule.skips.map((reason) => `  skipped: ${reason}`),
    ...rule.warnings.map(({ code, detail }) => `  ${colors.yellow(`left out: ${detail} (${code})`)}`),
    ...rule.followUps.map(({ resource, where, reason }) => `  then ${resource} where ${where} (${reason})`),
    ...realtimeLines(rule.realtime),
    ...rule.changes.flatMap((change) => changeLines(change, terminal)),
  ];
}

function realtimeLines(realtime: ExplainedRule['realtime']): string[] {
  if (realtime === undefined || realtime.differs.length + realtime.skips.length === 0) return [];
  const { on, skips, differs } = realtime;
  const differences = differs.map(({ path, value }) =>
    value === undefined ? `no ${path}` : `${path} = ${JSON.stringify(value)}`,
  );
  return [
    ...(differences.length > 0 ? [`  by a message (${on}): ${differences.join(', ')}`] : []),
    ...skips.map((reason) => `  by a message (${on}) skipped: ${reason}`),
  ];
}

function changeLines(change: ExplainedChange, { colors }: Terminal): string[] {
  const { type, values, requests, outcome, reason, note, klaviyo } = change;
  const sent = requests.map(({ method, path }) => `${method} ${path}`).join(', ') || 'nothing to send';
  const explanation =
    reason ?? (requests.length === 0 && outcome === 'delivered' ? 'Klaviyo holds all of it' : undefined);
  return [
    `  ${colors.green(type)}  ${sent}${explanation === undefined ? '' : ` (${explanation})`}`,
    ...(note === undefined ? [] : [`    ${colors.dim(note)}`]),
    ...values.map(
      (value) =>
        `    ${value.path} = ${JSON.stringify(value.value)}  ${colors.dim(origin(value))}${differenceFrom(value, klaviyo)}`,
    ),
  ];
}

function origin({ from, copied, needs }: ExplainedChange['values'][number]): string {
  const [first, ...others] = from;
  if (first === undefined) return 'fixed';
  const source = copied ? `from ${first}` : `computed from ${from.join(', ')}`;
  const dependencies = [...(copied ? others : []), ...needs];
  return dependencies.length === 0 ? source : `${source}; depends on ${dependencies.join(', ')}`;
}

function differenceFrom(
  { value, currentValue }: ExplainedChange['values'][number],
  klaviyo: ExplainedChange['klaviyo'],
): string {
  if (klaviyo === undefined || currentValue === undefined || currentValue === value) return '';
  return `  (Klaviyo: ${JSON.stringify(currentValue)})`;
}
