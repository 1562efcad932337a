/** `ctk dead-letters`: its commands and options. */
import type { Command } from 'commander';
import type { Ran, Terminal } from '../output/terminal.ts';
import { withApp } from '../with-services.ts';
import { discard, type KindOptions, list, replay, show } from './dead-letters.ts';

/** Works on the store itself: no service needs to run. */
export function addDeadLetters(program: Command, terminal: Terminal, ran: Ran): void {
  const letters = program.command('dead-letters').description('what could not be delivered, by reference');
  ofKind(letters.command('list').description('a line for each: id, last time, record, rule, code and reason'))
    .option('--json', 'a list of all that is known of each')
    .action((options: KindOptions & { json?: true }) => withApp((app) => list({ app, terminal }, options)));
  letters
    .command('show')
    .description('all that is known of one, as JSON')
    .argument('<id>', 'as list shows it')
    .action((id: string) => withApp((app) => show({ app, terminal }, id)));
  ofKind(letters.command('replay').description('fetch the record again and send it through the same rules'))
    .argument('[id]', 'as list shows it; else name a kind')
    .option('--all', 'every one')
    .action(async (id: string | undefined, kind: KindOptions) => {
      ran.code = (await withApp((app) => replay({ app, terminal }, id, kind))) ? 0 : 1;
    });
  ofKind(letters.command('discard').description('forget them for good'))
    .argument('[id]', 'as list shows it; else name a kind')
    .option('--all', 'every one')
    .action((id: string | undefined, kind: KindOptions) => withApp((app) => discard({ app, terminal }, id, kind)));
}

function ofKind(command: Command): Command {
  return command
    .option('--rule <rule>', 'of this rule, such as placed-order')
    .option('--code <code>', "with this code of Klaviyo's")
    .option('--resource <type>', 'of records of this type, such as order');
}
