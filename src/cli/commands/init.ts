/** `ctk init`: asks for keys and project, writes a file of variables, and creates the subscriptions after a confirmation. */

import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { type Command, Option } from 'commander';
import pino from 'pino';
import { createComponents } from '../../app/components.ts';
import { version } from '../../app/version.ts';
import { destinationNames } from '../../commercetools/subscriptions/destinations.ts';
import type { PlanStep } from '../../commercetools/subscriptions/subscriptions.ts';
import { readConfig } from '../../config/config.ts';
import { processEnvironment } from '../../config/process-environment.ts';
import { metricList } from '../../klaviyo/metric-ids.ts';
import { customerFieldNames } from '../../rules/customer-field-names.ts';
import { metricNames } from '../../rules/settings.ts';
import { type CheckDeps, callKlaviyo, findingLine } from '../check/finding.ts';
import { fixMappedMetrics } from '../check/metric-mapping.ts';
import { canAsk } from '../output/confirmation.ts';
import { writeEnvFile } from '../output/env-file.ts';
import { CommandError, type Terminal } from '../output/terminal.ts';
import { checkAccess } from './check.ts';
import { askConfirmation, collectAnswers, type InitOptions, regions } from './init-questions.ts';
import { apply, type PlanOptions, plan, show, withDestination } from './subscriptions.ts';

type Options = InitOptions & PlanOptions & InitInput['options'];

export function define(command: Command, terminal: Terminal): void {
  command
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
    const given = destinationNames.flatMap((kind) => (options[kind] === undefined ? [] : [[kind, options[kind]]]));
    const destination: PlanOptions = Object.fromEntries(given);
    await init({ options, destination, env: processEnvironment(), canAsk: canAsk(terminal), terminal });
  });
}

export interface InitInput {
  options: InitOptions & { file: string; overwrite?: true; yes?: true };
  /** Destination of the subscriptions; empty: no subscriptions are created. */
  destination: PlanOptions;
  env: Record<string, string | undefined>;
  canAsk: boolean;
  terminal: Terminal;
}

/** @throws CommandError if an answer is missing, a check fails or the file exists */
async function init(input: InitInput): Promise<void> {
  const { options, env, canAsk, terminal } = input;
  const overwrite = await confirmOverwrite(input);
  const answers = await collectAnswers(options, env, canAsk);
  const values = { ...answers, API_TOKEN: env.API_TOKEN || randomBytes(24).toString('base64url') };
  const config = readConfig({ ...env, ...values });
  const components = createComponents(config, pino({ level: 'silent' }), { claim: 'own' });
  const { commercetools: client, klaviyo } = components;
  try {
    const { findings } = await checkAccess({ config, commercetools: client, klaviyo, version });
    for (const finding of findings) terminal.line(findingLine(finding, terminal));
    if (findings.some(({ state }) => state === 'problem'))
      throw new CommandError('nothing was written: correct the problems above, then run ctk init again');
    const settings = (await isNewAccount(klaviyo)) ? newAccountSettings(env) : {};
    const deps = { client, config, terminal };
    const steps = Object.keys(input.destination).length > 0 ? await plan(deps, input.destination) : undefined;
    if (!(await writeEnvFile({ path: options.file, values: { ...values, ...settings }, overwrite })))
      throw new CommandError(fileExistsMessage(options.file));
    terminal.line(`${options.file} saved (permissions 0600)`);
    if (steps) await subscribe(input, steps, () => apply(deps, steps));
    await offerMetricMapping({ config, klaviyo }, input);
    printNextSteps(input, steps !== undefined);
  } finally {
    await components.stop();
  }
}

/** An account without order events has no segments and templates that depend on what the plugin or a former setup sent. */
async function isNewAccount(klaviyo: CheckDeps['klaviyo']): Promise<boolean> {
  const result = await callKlaviyo(klaviyo, { endpoint: 'listMetrics' });
  const parsed = result.ok ? metricList.safeParse(result.body) : undefined;
  if (!parsed?.success) return false;
  return !parsed.data.data.some(({ attributes }) => attributes.name === metricNames.placedOrder);
}

function newAccountSettings(env: InitInput['env']): Record<string, string> {
  if (env.NODE_CONFIG || env.NODE_CONFIG_DIR || env.CTK_SETTINGS) return {};
  const readable = { customFields: { values: 'readable' } };
  // Business units are of B2B shops only, and need a scope of their own.
  const { businessUnits: _businessUnits, ...fields } = customerFieldNames;
  const customer = { ...readable, fields };
  const order = { ...readable, properties: { details: true } };
  return { NODE_CONFIG: JSON.stringify({ customer, order }) };
}

/** Asks before the other questions, so that no answers are lost. @returns whether an existing file is replaced */
async function confirmOverwrite({ options, canAsk }: InitInput): Promise<boolean> {
  if (!existsSync(options.file) || options.overwrite) return options.overwrite === true;
  if (canAsk && (await askConfirmation(`${options.file} already exists. Replace it?`))) return true;
  throw new CommandError(fileExistsMessage(options.file));
}

const fileExistsMessage = (file: string) => `${file} already exists: name another --file, or pass --overwrite`;

async function subscribe(
  { options, canAsk, terminal }: InitInput,
  steps: readonly PlanStep[],
  applySteps: () => Promise<void>,
): Promise<void> {
  const pending = steps.filter((step) => step.action !== 'noop');
  if (pending.length === 0) return terminal.line('the subscriptions are unchanged');
  for (const line of ['', 'commercetools needs these subscriptions:']) terminal.line(line);
  show({ terminal }, pending);
  if (options.yes || (canAsk && (await askConfirmation('Make them?')))) await applySteps();
  else terminal.line('left for later: say --yes, or ctk subscriptions apply');
}

async function offerMetricMapping(
  deps: Pick<CheckDeps, 'config' | 'klaviyo'>,
  { options, canAsk, terminal }: InitInput,
): Promise<void> {
  async function confirm(): Promise<boolean> {
    if (options.yes || (canAsk && (await askConfirmation('Map these metrics?')))) return true;
    terminal.line('left for later: ctk check --fix');
    return false;
  }
  await fixMappedMetrics(deps, { replaceOthers: false, confirm }, terminal);
}

function printNextSteps({ options: { file }, terminal }: InitInput, subscribed: boolean): void {
  const next = subscribed ? [] : [`  ctk --env ${file} subscriptions apply --pubsub projects/<project>/topics/<topic>`];
  const lines = [
    '',
    'No setup is needed in Klaviyo: each metric (Placed Order, …) is created by its first event.',
    'What is next:',
    `  ctk --env ${file} check`,
    ...next,
    `  ctk --env ${file} serve`,
    'Who may push messages is set by variables of your broker: docs/setup.md',
  ];
  for (const line of lines) terminal.line(line);
}
