/** `ctk runs`: its commands and options. */
import { Argument, type Command } from 'commander';
import { type BulkResource, bulkResources } from '../../commercetools/schemas.ts';
import type { Ran, Terminal } from '../output/terminal.ts';
import { withApp } from '../with-services.ts';
import { listRuns, showRun, stopRun } from './runs.ts';

/** Works on the store itself: no service needs to run. */
export function addRuns(program: Command, terminal: Terminal, ran: Ran): void {
  const runs = program
    .command('runs')
    .description('bulk syncs, wherever they are worked off: how far, and how they ended');
  runs
    .command('list')
    .description('those that run or wait, then those that ended, the latest first')
    .addArgument(new Argument('[resource]', 'only those of this resource').choices(bulkResources))
    .option('--json', 'a list of all that is known of each')
    .action((resource: BulkResource | undefined, options: { json?: true }) =>
      withApp((app) => listRuns({ app, terminal }, resource, options)),
    );
  runs
    .command('show')
    .description('one run: its counts, what was skipped or refused and why, what it waits for')
    .argument('<id>', 'as list shows it')
    .option('--json', 'all that is known of it')
    .action((id: string, options: { json?: true }) => withApp((app) => showRun({ app, terminal }, id, options)));
  runs
    .command('stop')
    .description('stop the sync of a resource, in whichever process; ctk sync --resume goes on from there')
    .addArgument(new Argument('<resource>', 'what is synced').choices(bulkResources))
    .action(async (resource: BulkResource) => {
      ran.code = (await withApp((app) => stopRun({ app, terminal }, resource))) ? 0 : 1;
    });
}
