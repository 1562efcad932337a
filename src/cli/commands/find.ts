/** `ctk find`: what became of a record. Only `--full` prints personal data. */
import type { Command } from 'commander';
import type { Components } from '../../app/components.ts';
import {
  type FindResult,
  type FoundRecord,
  findableBy,
  findableTypes,
  type TimelineEntry,
} from '../../engine/find/schema.ts';
import { omitUndefined } from '../../lib/omit-undefined.ts';
import { CommandError, type ExitState, type Terminal } from '../output/terminal.ts';
import { withComponents } from '../with-services.ts';

interface FindOptions {
  again?: true;
  full?: true;
  json?: true;
}

/** Reads from the store and the APIs directly, without a running service. */
export function define(command: Command, terminal: Terminal, exitState: ExitState): void {
  command
    .argument('<text>', findableBy)
    .option('--again', 'send the record again, as a sync does; its events trigger no flows')
    .option('--full', 'also what would be sent to Klaviyo, which holds personal data')
    .option('--json', 'as JSON')
    .action(async (text: string, options: FindOptions) => {
      const succeeded = await withComponents((components) => find({ components, terminal }, text, options));
      exitState.code = succeeded ? 0 : 1;
    });
}

interface FindCommandDeps {
  components: Pick<Components, 'find'>;
  terminal: Terminal;
}

/** @returns whether a record was found and, with `--again`, sent. @throws CommandError if nothing or too much was found */
async function find({ components, terminal }: FindCommandDeps, text: string, options: FindOptions): Promise<boolean> {
  const found = await components.find.find(text, options.full);
  const [only, ...others] = found.matches;
  if (!only) throw new CommandError(`nothing in commercetools matches ${text}`, ...found.notes);
  if (options.again && others.length > 0)
    throw new CommandError(`${text} matches several records; name one by its id:`, ...found.matches.map(idLine));
  if (options.json) terminal.json(found);
  else for (const line of linesOf(found, terminal, options)) terminal.line(line);
  if (!options.again) return true;
  const type = findableTypes.find((known) => known === only.record.typeId);
  if (!type) return false;
  const result = await components.find.again(type, only.record.id);
  const outcome = 'reason' in result ? `${result.outcome}: ${result.reason}` : result.outcome;
  if (options.json) terminal.problem(`sent again: ${outcome}`);
  else terminal.line(`sent again: ${outcome}`);
  return result.outcome === 'delivered' || result.outcome === 'skipped';
}

function idLine({ name, record }: FoundRecord): string {
  return `  ${record.id}  ${name}`;
}

function linesOf({ matches, more, notes }: FindResult, terminal: Terminal, options: FindOptions): string[] {
  return [
    ...matches.flatMap((match, index) => [...(index > 0 ? [''] : []), ...recordLines(match, terminal, options)]),
    ...(more > 0 ? ['', `${more} more match; name one by its id`] : []),
    ...notes.map((note) => terminal.colors.yellow(`note: ${note}`)),
  ];
}

function recordLines(match: FoundRecord, { colors }: Terminal, { full }: FindOptions): string[] {
  const { sentence, timeline, record, klaviyo, skips, changes } = match;
  const profile = klaviyo.profileId === undefined ? '' : `, Klaviyo profile ${klaviyo.profileId}`;
  return [
    colors.bold(sentence),
    colors.dim(`  ${record.typeId} ${record.id}${profile}`),
    ...timeline.map((entry) => `  ${timelineLine(entry)}`),
    ...(timeline.length === 0 ? ['  no delivery in the log; a sync is not logged by record'] : []),
    ...(full ? skips.map((reason) => `  not sent: ${reason}`) : []),
    ...(full && changes ? JSON.stringify(changes, undefined, 2).split('\n') : []),
  ];
}

function timelineLine({ at, source, subject, outcome, count, reason, ...more }: TimelineEntry): string {
  const times = count !== undefined && count > 1 ? ` × ${count}` : '';
  const details = omitUndefined({
    attempt: more.attempt,
    'dead letter': more.deadLetterId,
    "Klaviyo's error id": more.klaviyoErrorId,
  });
  const detail = Object.entries(details).map(([name, value]) => `${name} ${value}`);
  const where = source === 'klaviyo' ? 'recorded in Klaviyo (time of the event)' : outcome;
  return [at, subject + times, [where, reason].filter(Boolean).join(': '), ...detail].join('  ');
}
