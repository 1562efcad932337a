/** `ctk init`: its options. Secrets are never options: a process list would show them. */
import { type Command, Option } from 'commander';
import { destinationKindNames } from '../../commercetools/subscriptions/destinations.ts';
import { processEnvironment } from '../../config/config.ts';
import type { Terminal } from '../output/terminal.ts';
import { type Init, init } from './init.ts';
import { type InitOptions, regions } from './init-questions.ts';
import { withDestination } from './subscription-commands.ts';
import type { PlanOptions } from './subscriptions.ts';

type Options = InitOptions & PlanOptions & Init['options'];

export function addInit(program: Command, terminal: Terminal): void {
  const command = program
    .command('init')
    .description(
      'ask for the keys, try them, write a file of variables, and make the subscriptions if you agree; the secrets come from KLAVIYO_AUTH_KEY and CTP_CLIENT_SECRET where they are set',
    )
    .option('--project <key>', "the commercetools project's key")
    .option('--client-id <id>', "the API client's id")
    .addOption(new Option('--region <region>', "the project's region").choices(regions))
    .option('--locale <locale>', 'locale of titles and slugs')
    .option('--currency <code>', 'currency of catalogue prices')
    .option('--product-url <template>', 'product page, with {{productSlug}}')
    .option('--file <path>', 'where to write', '.env')
    .option('--overwrite', 'replace that file without asking')
    .option('-y, --yes', 'make the subscriptions without asking');
  withDestination(command).action(async (options: Options) => {
    const asks = terminal.interactive && process.stdin.isTTY === true;
    const named = destinationKindNames.flatMap((kind) => (options[kind] === undefined ? [] : [[kind, options[kind]]]));
    const destination: PlanOptions = Object.fromEntries(named);
    await init({ options, destination, said: processEnvironment(), asks, terminal });
  });
}
