/** `ctk explain`: what would be sent of a record, and why. Prints personal data, to whoever typed it alone. */
import type { Command } from 'commander';
import pino from 'pino';
import { createComponents } from '../../app/components.ts';
import { processEnvironment, readConfig } from '../../config/config.ts';
import { type Explain, explainedTypes } from '../../engine/explain/explain.ts';
import type { Explained, ExplainedChange, ExplainedRule } from '../../engine/explain/schema.ts';
import { CommandFailed, type Terminal } from '../output/terminal.ts';

/** Reads by itself: no service needs to run. */
export function addExplain(program: Command, terminal: Terminal): void {
  program
    .command('explain')
    .description('what would be sent of a record, by which rule and from which fields; nothing is sent')
    .argument('<type>', explainedTypes.join(', '))
    .argument('<id>', "commercetools' id of the record")
    .option('--json', 'as JSON, with the requests as Klaviyo would get them')
    .action(async (type: string, id: string, { json }: { json?: true }) => {
      const app = createComponents(readConfig(processEnvironment()), pino({ level: 'silent' }), { claim: 'own' });
      try {
        const explained = await find(app.explain, type, id);
        if (json) terminal.line(JSON.stringify(explained, undefined, 2));
        else for (const line of linesOf(explained, terminal)) terminal.line(line);
      } finally {
        await app.stop();
      }
    });
}

async function find(explain: Explain, type: string, id: string): Promise<Explained> {
  const known = explainedTypes.find((one) => one === type);
  if (!known) throw new CommandFailed(`there is no type ${type}; take one of ${explainedTypes.join(', ')}`);
  const explained = await explain(known, id);
  if (!explained) throw new CommandFailed(`commercetools has no ${type} with the id ${id}`);
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
    `  woken by ${triggers.join(', ') || 'nothing'}`,
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
  const words = differs.map(({ path, value }) =>
    value === undefined ? `no ${path}` : `${path} = ${JSON.stringify(value)}`,
  );
  return [
    ...(words.length > 0 ? [`  by a message (${on}): ${words.join(', ')}`] : []),
    ...skips.map((reason) => `  by a message (${on}) skipped: ${reason}`),
  ];
}

function changeLines(change: ExplainedChange, { colors }: Terminal): string[] {
  const { type, values, requests, outcome, reason, note, klaviyo } = change;
  const sent = requests.map(({ method, path }) => `${method} ${path}`).join(', ') || 'nothing to send';
  const why = reason ?? (requests.length === 0 && outcome === 'delivered' ? 'Klaviyo holds all of it' : undefined);
  return [
    `  ${colors.green(type)}  ${sent}${why === undefined ? '' : ` (${why})`}`,
    ...(note === undefined ? [] : [`    ${colors.dim(note)}`]),
    ...values.map(
      (value) =>
        `    ${value.path} = ${JSON.stringify(value.value)}  ${colors.dim(origin(value))}${now(value, klaviyo)}`,
    ),
  ];
}

function origin({ from, copied, needs }: ExplainedChange['values'][number]): string {
  const [first, ...others] = from;
  if (first === undefined) return 'fixed';
  const source = copied ? `from ${first}` : `computed from ${from.join(', ')}`;
  const more = [...(copied ? others : []), ...needs];
  return more.length === 0 ? source : `${source}; depends on ${more.join(', ')}`;
}

/** What Klaviyo currentValue in its place, where that is something else. */
function now({ value, currentValue }: ExplainedChange['values'][number], klaviyo: ExplainedChange['klaviyo']): string {
  if (klaviyo === undefined || currentValue === undefined || currentValue === value) return '';
  return `  (Klaviyo: ${JSON.stringify(currentValue)})`;
}
