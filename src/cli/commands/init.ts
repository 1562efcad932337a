/** `ctk init`: from two keys and a project to a file of variables that works, and the subscriptions where one agrees. */

import { randomBytes } from 'node:crypto';
import { type Command, Option } from 'commander';
import pino from 'pino';
import { createComponents } from '../../app/components.ts';
import { version } from '../../app/version.ts';
import { destinationKindNames } from '../../commercetools/subscriptions/destinations.ts';
import type { PlanStep } from '../../commercetools/subscriptions/subscriptions.ts';
import { processEnvironment, readConfig } from '../../config/config.ts';
import { lineOf } from '../check/finding.ts';
import { isThere, writeEnvFile } from '../output/env-file.ts';
import { CommandFailed, type Terminal } from '../output/terminal.ts';
import { checkAccess } from './check.ts';
import { answersTo, consentTo, type InitOptions, regions } from './init-questions.ts';
import { apply, type PlanOptions, plan, show, withDestination } from './subscriptions.ts';

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

export interface Init {
  options: InitOptions & { file: string; overwrite?: true; yes?: true };
  /** Where messages shall be delivered; none: the subscriptions are left for later. */
  destination: PlanOptions;
  /** Variables that are set. */
  said: Record<string, string | undefined>;
  /** Somebody can be asked. */
  asks: boolean;
  terminal: Terminal;
}

/** @throws CommandFailed with what keeps it from going on */
async function init(asked: Init): Promise<void> {
  const { options, said, asks, terminal } = asked;
  const overwrite = await mayWrite(asked);
  const answers = await answersTo(options, said, asks);
  const values = { ...answers, API_TOKEN: said.API_TOKEN || randomBytes(24).toString('base64url') };
  const config = readConfig({ ...said, ...values });
  const app = createComponents(config, pino({ level: 'silent' }), { claim: 'own' });
  const { commercetools: client, klaviyo } = app;
  try {
    const { findings } = await checkAccess({ config, commercetools: client, klaviyo, version });
    for (const finding of findings) terminal.line(lineOf(finding, terminal));
    if (findings.some(({ state }) => state === 'problem'))
      throw new CommandFailed('nothing was written: mend the problems above, then run ctk init again');
    const parts = { client, config, terminal };
    const steps = Object.keys(asked.destination).length > 0 ? await plan(parts, asked.destination) : undefined;
    if (!(await writeEnvFile({ path: options.file, values, overwrite })))
      throw new CommandFailed(occupied(options.file));
    terminal.line(`${options.file} written, for your eyes only (mode 0600)`);
    if (steps) await subscribe(asked, steps, () => apply(parts, steps));
    tellWhatIsNext(asked, steps !== undefined);
  } finally {
    await app.stop();
  }
}

/** Before anything is asked: an answer too late is an annoyance. */
async function mayWrite({ options, asks }: Init): Promise<boolean> {
  if (!isThere(options.file) || options.overwrite) return options.overwrite === true;
  if (asks && (await consentTo(`${options.file} is there already. Replace it?`))) return true;
  throw new CommandFailed(occupied(options.file));
}

const occupied = (file: string) => `${file} is there already: name another --file, or say --overwrite`;

async function subscribe(
  { options, asks, terminal }: Init,
  steps: readonly PlanStep[],
  make: () => Promise<void>,
): Promise<void> {
  const open = steps.filter((step) => step.action !== 'noop');
  if (open.length === 0) return terminal.line('the subscriptions are as wanted');
  for (const line of ['', 'commercetools needs these subscriptions:']) terminal.line(line);
  show({ terminal }, open);
  if (options.yes || (asks && (await consentTo('Make them?')))) await make();
  else terminal.line('left for later: say --yes, or ctk subscriptions apply');
}

function tellWhatIsNext({ options: { file }, terminal }: Init, subscribed: boolean): void {
  const next = subscribed ? [] : [`  ctk --env ${file} subscriptions apply --pubsub projects/<project>/topics/<topic>`];
  const lines = [
    '',
    'In Klaviyo nothing has to be made: each metric (Placed Order, …) comes with its first event.',
    'What is next:',
    `  ctk --env ${file} check`,
    ...next,
    `  ctk --env ${file} serve`,
    'Who may push messages is set by variables of your broker: docs/setup.md',
  ];
  for (const line of lines) terminal.line(line);
}
