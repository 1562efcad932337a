/** `ctk dead-letters`: its commands and options. */
import type { Command } from 'commander';
import pino from 'pino';
import { createApp } from '../app.ts';
import { processEnvironment, readConfig } from '../config/config.ts';
import { type DeadLetterParts, discard, type KindOptions, list, replay, show } from './dead-letters.ts';
import type { Ran } from './program.ts';
import type { Terminal } from './terminal.ts';

/** Works on the store itself: no service needs to run. */
export function addDeadLetters(program: Command, terminal: Terminal, ran: Ran): void {
  async function withApp<Result>(job: (parts: DeadLetterParts) => Promise<Result>): Promise<Result> {
    const app = createApp(readConfig(processEnvironment()), pino({ level: 'silent' }), { from: 'here' });
    try {
      return await job({ app, terminal });
    } finally {
      await app.stop();
    }
  }
  const letters = program.command('dead-letters').description('what could not be delivered, by reference');
  ofKind(letters.command('list').description('a line for each: id, last time, record, rule, code and reason')).action(
    (kind: KindOptions) => withApp((parts) => list(parts, kind)),
  );
  letters
    .command('show')
    .description('all that is known of one, as JSON')
    .argument('<id>', 'as list shows it')
    .action((id: string) => withApp((parts) => show(parts, id)));
  ofKind(letters.command('replay').description('fetch the record again and send it through the same rules'))
    .argument('[id]', 'as list shows it; else name a kind')
    .option('--all', 'every one')
    .action(async (id: string | undefined, kind: KindOptions) => {
      ran.code = (await withApp((parts) => replay(parts, id, kind))) ? 0 : 1;
    });
  ofKind(letters.command('discard').description('forget them for good'))
    .argument('[id]', 'as list shows it; else name a kind')
    .option('--all', 'every one')
    .action((id: string | undefined, kind: KindOptions) => withApp((parts) => discard(parts, id, kind)));
}

function ofKind(command: Command): Command {
  return command
    .option('--rule <rule>', 'of this rule, such as placed-order')
    .option('--code <code>', "with this code of Klaviyo's")
    .option('--resource <type>', 'of records of this type, such as order');
}
