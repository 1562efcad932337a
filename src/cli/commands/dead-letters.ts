/** `ctk dead-letters`: lists, shows, replays and discards dead letters. */
import type { Command } from 'commander';
import type { Components } from '../../app/components.ts';
import { type DeadLetter, type DeadLetterFilter, discardAll } from '../../engine/delivery/dead-letters.ts';
import { omitUndefined } from '../../lib/omit-undefined.ts';
import { getConfirmation } from '../output/confirmation.ts';
import { CommandError, type ExitState, type Terminal } from '../output/terminal.ts';
import { withComponents } from '../with-services.ts';

/** Works on the store directly, without a running service. */
export function define(command: Command, terminal: Terminal, exitState: ExitState): void {
  withFilters(command.command('list').description('a line for each: id, last time, record, rule, code and reason'))
    .option('--json', 'details of each as JSON')
    .action((options: FilterOptions & { json?: true }) =>
      withComponents((components) => list({ components, terminal }, options)),
    );
  command
    .command('show')
    .description('show details as JSON')
    .argument('<id>', 'as list shows it')
    .action((id: string) =>
      withComponents(async (components) => terminal.json(await find({ components, terminal }, id))),
    );
  withFilters(command.command('replay').description('fetch the record again and send it through the same rules'))
    .argument('[id]', 'as list shows it; else name a kind')
    .option('--all', 'every one')
    .action(async (id: string | undefined, filter: FilterOptions) => {
      exitState.code = (await withComponents((components) => replay({ components, terminal }, id, filter))) ? 0 : 1;
    });
  withFilters(command.command('discard').description('forget them for good'))
    .argument('[id]', 'as list shows it; else name a kind')
    .option('--all', 'every one; asks before')
    .option('-y, --yes', 'with --all: without asking')
    .action((id: string | undefined, filter: FilterOptions & { yes?: true }) =>
      withComponents((components) => discard({ components, terminal }, id, filter)),
    );
}

function withFilters(command: Command): Command {
  return command
    .option('--rule <rule>', 'of this rule, such as placed-order')
    .option('--code <code>', "with this code of Klaviyo's")
    .option('--resource <type>', 'of records of this type, such as order');
}

interface DeadLetterCommandDeps {
  components: Pick<Components, 'deadLetters' | 'replay'>;
  terminal: Terminal;
}

interface FilterOptions extends DeadLetterFilter {
  all?: boolean;
}

async function list(
  { components, terminal }: DeadLetterCommandDeps,
  { json, ...filter }: FilterOptions & { json?: true },
): Promise<void> {
  if (json) return terminal.json(await Array.fromAsync(components.deadLetters.list(filter)));
  let count = 0;
  for await (const letter of components.deadLetters.list(filter)) {
    terminal.line(letterLine(letter));
    count += 1;
  }
  terminal.line(count === 0 ? 'no dead letters' : `${count} dead letter(s)`);
}

/** Without an id replays all that match the options. @returns whether all were delivered or skipped */
async function replay(deps: DeadLetterCommandDeps, id: string | undefined, options: FilterOptions): Promise<boolean> {
  const { components, terminal } = deps;
  if (id !== undefined) {
    const result = await components.replay.one(await find(deps, id));
    terminal.line('reason' in result ? `${result.outcome}: ${result.reason}` : result.outcome);
    return result.outcome === 'delivered' || result.outcome === 'skipped';
  }
  const filter = filterOf(options);
  let allSucceeded = true;
  for (let after: string | undefined; ; ) {
    const { delivered, skipped, rejected, notReplayable, unavailable, ...rest } = await components.replay.all(
      filter,
      after,
    );
    terminal.line(`${delivered} delivered, ${skipped} skipped, ${rejected} rejected, ${notReplayable} not replayable`);
    if (unavailable !== undefined) throw new CommandError(`not now: ${unavailable}`);
    allSucceeded = allSucceeded && rejected + notReplayable === 0;
    after = rest.after;
    if (after === undefined) return allSucceeded;
  }
}

async function discard(
  deps: DeadLetterCommandDeps,
  id: string | undefined,
  { yes, ...options }: FilterOptions & { yes?: true },
): Promise<void> {
  const { deadLetters } = deps.components;
  if (id === undefined) {
    const filter = filterOf(options);
    if (options.all) await confirmDiscard(deps, filter, yes);
    deps.terminal.line(`${await discardAll(deadLetters, filter)} discarded`);
    return;
  }
  await deadLetters.discard((await find(deps, id)).id);
  deps.terminal.line('1 discarded');
}

/** @throws CommandError if it was not confirmed */
async function confirmDiscard({ components, terminal }: DeadLetterCommandDeps, filter: DeadLetterFilter, yes?: true) {
  if (yes) return;
  const count = (await Array.fromAsync(components.deadLetters.list(filter), () => undefined)).length;
  if (count === 0) return;
  const consequence = `${count} dead letter${count === 1 ? ' is' : 's are'} deleted for good, and can't be replayed any more`;
  await getConfirmation({ consequence, name: 'dead-letters', yes }, terminal);
}

/** @throws CommandError if no record has this id */
async function find({ components }: DeadLetterCommandDeps, id: string): Promise<DeadLetter> {
  const letter = /^[0-9a-f]{40}$/.test(id) ? await components.deadLetters.get(id) : undefined;
  if (!letter) throw new CommandError(`there is no dead letter ${id}; ctk dead-letters list shows them`);
  return letter;
}

function filterOf({ all, rule, code, resource }: FilterOptions): DeadLetterFilter {
  const filter = omitUndefined({ rule, code, resource });
  if (!all && Object.keys(filter).length === 0)
    throw new CommandError('name an id, a --rule, --code or --resource, or say --all');
  return filter;
}

function letterLine({ id, lastAt, record, source, rule, code, detail, count }: DeadLetter): string {
  const subject = record ? `${record.typeId} ${record.id}` : (source ?? '');
  return [id, lastAt, subject, rule || '–', `${code}: ${detail}`, `× ${count}`].join('  ');
}
