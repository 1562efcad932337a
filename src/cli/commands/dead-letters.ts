/** `ctk dead-letters`: what could not be delivered, shown, sent again, discarded. */
import type { Command } from 'commander';
import type { Components } from '../../app/components.ts';
import { type DeadLetter, type DeadLetterFilter, discardAll } from '../../engine/delivery/dead-letters.ts';
import { CommandFailed, type Ran, type Terminal } from '../output/terminal.ts';
import { withComponents } from '../with-services.ts';

/** Works on the store itself: no service needs to run. */
export function addDeadLetters(program: Command, terminal: Terminal, ran: Ran): void {
  const letters = program.command('dead-letters').description('what could not be delivered, by reference');
  ofKind(letters.command('list').description('a line for each: id, last time, record, rule, code and reason'))
    .option('--json', 'a list of all that is known of each')
    .action((options: KindOptions & { json?: true }) => withComponents((app) => list({ app, terminal }, options)));
  letters
    .command('show')
    .description('all that is known of one, as JSON')
    .argument('<id>', 'as list shows it')
    .action((id: string) => withComponents((app) => show({ app, terminal }, id)));
  ofKind(letters.command('replay').description('fetch the record again and send it through the same rules'))
    .argument('[id]', 'as list shows it; else name a kind')
    .option('--all', 'every one')
    .action(async (id: string | undefined, kind: KindOptions) => {
      ran.code = (await withComponents((app) => replay({ app, terminal }, id, kind))) ? 0 : 1;
    });
  ofKind(letters.command('discard').description('forget them for good'))
    .argument('[id]', 'as list shows it; else name a kind')
    .option('--all', 'every one')
    .action((id: string | undefined, kind: KindOptions) =>
      withComponents((app) => discard({ app, terminal }, id, kind)),
    );
}

function ofKind(command: Command): Command {
  return command
    .option('--rule <rule>', 'of this rule, such as placed-order')
    .option('--code <code>', "with this code of Klaviyo's")
    .option('--resource <type>', 'of records of this type, such as order');
}

export interface DeadLetterParts {
  app: Pick<Components, 'deadLetters' | 'replay'>;
  terminal: Terminal;
}

/** The options that name a kind of them, and `--all`. */
export interface KindOptions extends DeadLetterFilter {
  all?: boolean;
}

/** One line each, or all of them as JSON. */
async function list(
  { app, terminal }: DeadLetterParts,
  { json, ...kind }: KindOptions & { json?: true },
): Promise<void> {
  if (json) return terminal.json(await Array.fromAsync(app.deadLetters.list(kind)));
  let count = 0;
  for await (const letter of app.deadLetters.list(kind)) {
    terminal.line(lineOf(letter));
    count += 1;
  }
  terminal.line(count === 0 ? 'no dead letters' : `${count} dead letter(s)`);
}

/** @throws CommandFailed where there is none with this id */
async function show(parts: DeadLetterParts, id: string): Promise<void> {
  parts.terminal.json(await find(parts, id));
}

/**
 * @param id one of them; absent: all of the kind
 * @returns whether all of them were delivered or had nothing to do any more
 */
async function replay(parts: DeadLetterParts, id: string | undefined, options: KindOptions): Promise<boolean> {
  const { app, terminal } = parts;
  if (id !== undefined) {
    const replayed = await app.replay.one(await find(parts, id));
    terminal.line('reason' in replayed ? `${replayed.outcome}: ${replayed.reason}` : replayed.outcome);
    return replayed.outcome === 'delivered' || replayed.outcome === 'skipped';
  }
  const kind = kindOf(options);
  let whole = true;
  for (let after: string | undefined; ; ) {
    const { delivered, skipped, rejected, notReplayable, unavailable, ...rest } = await app.replay.all(kind, after);
    terminal.line(`${delivered} delivered, ${skipped} skipped, ${rejected} rejected, ${notReplayable} not replayable`);
    if (unavailable !== undefined) throw new CommandFailed(`not now: ${unavailable}`);
    whole = whole && rejected + notReplayable === 0;
    after = rest.after;
    if (after === undefined) return whole;
  }
}

/** @param id one of them; absent: all of the kind */
async function discard(parts: DeadLetterParts, id: string | undefined, options: KindOptions): Promise<void> {
  const { deadLetters } = parts.app;
  if (id === undefined) {
    parts.terminal.line(`${await discardAll(deadLetters, kindOf(options))} discarded`);
    return;
  }
  await deadLetters.discard((await find(parts, id)).id);
  parts.terminal.line('1 discarded');
}

async function find({ app }: DeadLetterParts, id: string): Promise<DeadLetter> {
  const letter = /^[0-9a-f]{40}$/.test(id) ? await app.deadLetters.get(id) : undefined;
  if (!letter) throw new CommandFailed(`there is no dead letter ${id}; ctk dead-letters list shows them`);
  return letter;
}

function kindOf({ all, rule, code, resource }: KindOptions): DeadLetterFilter {
  const kind = {
    ...(rule === undefined ? {} : { rule }),
    ...(code === undefined ? {} : { code }),
    ...(resource === undefined ? {} : { resource }),
  };
  if (!all && Object.keys(kind).length === 0)
    throw new CommandFailed('name an id, a --rule, --code or --resource, or say --all');
  return kind;
}

function lineOf({ id, lastAt, record, source, rule, code, detail, count }: DeadLetter): string {
  const about = record ? `${record.typeId} ${record.id}` : (source ?? '');
  return [id, lastAt, about, rule || '–', `${code}: ${detail}`, `× ${count}`].join('  ');
}
