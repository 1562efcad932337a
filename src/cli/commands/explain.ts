/** `ctk explain`: shows what would be sent for a record, and why. The output holds personal data. */
import type { Command } from 'commander';
import { type Explain, explainedTypes } from '../../engine/explain/explain.ts';
import type { Explained, ExplainedChange, ExplainedRule } from '../../engine/explain/schema.ts';
import { CommandError, type Terminal } from '../output/terminal.ts';
import { withComponents } from '../with-services.ts';

/** Reads from the APIs directly, without a running service. */
export function addExplain(program: Command, terminal: Terminal): void {
  program
    .command('explain')
    .description('what would be sent of a record, by which rule and from which fields; nothing is sent')
    .argument('<type>', explainedTypes.join(', '))
    .argument('<id>', "commercetools' id of the record")
    .option('--json', 'as JSON, with the requests as Klaviyo would get them')
    .action((type: string, id: string, { json }: { json?: true }) =>
      withComponents(async (components) => {
        const explained = await find(components.explain, type, id);
        if (json) terminal.json(explained);
        else for (const line of linesOf(explained, terminal)) terminal.line(line);
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

function linesOf({ type, id, version, asked, whole, rules }: Explained, terminal: Terminal): string[] {
  const { colors } = terminal;
  return [
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
    `  triggered by ${triggers.join(', ') || 'nothing'}`,
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
