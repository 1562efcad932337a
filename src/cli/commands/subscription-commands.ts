/** `ctk subscriptions` and `ctk connect`: their commands and options. */
import type { Command } from 'commander';
import { destinationKindNames, destinationKinds } from '../../commercetools/subscriptions/destinations.ts';
import type { Step } from '../../commercetools/subscriptions/subscriptions.ts';
import type { Terminal } from '../output/terminal.ts';
import { connected } from '../with-services.ts';
import { postDeploy, preUndeploy } from './connect.ts';
import { apply, type PlanOptions, plan, removalOf, show } from './subscriptions.ts';

const renewal = 'send the destination again: its secrets changed';

export function addSubscriptions(program: Command, terminal: Terminal): void {
  const subscriptions = program
    .command('subscriptions')
    .description('the commercetools subscriptions that the enabled rules need');
  withDestination(subscriptions.command('plan'))
    .option('--renew', renewal)
    .description('show what would be created, updated, removed')
    .option('--json', 'the steps as JSON')
    .action(async ({ json, ...options }: PlanOptions & { json?: true }) => {
      const parts = { ...connected(), terminal };
      const steps = await plan(parts, options);
      if (json) terminal.json(steps.map(dataOf));
      else show(parts, steps);
    });
  withDestination(subscriptions.command('apply'))
    .option('--renew', renewal)
    .description('make it so; a second time there is nothing to do')
    .action(async (options: PlanOptions) => {
      const parts = { ...connected(), terminal };
      await apply(parts, await plan(parts, options));
    });
  subscriptions
    .command('remove')
    .description('remove those of this environment (CTK_ENVIRONMENT); others are never touched')
    .action(async () => {
      const parts = { ...connected(), terminal };
      await apply(parts, await removalOf(parts));
    });
}

/** What commercetools Connect runs by itself. */
export function addConnect(program: Command, terminal: Terminal): void {
  const connect = program.command('connect').description('what commercetools Connect runs by itself (connect.yaml)');
  connect
    .command('post-deploy')
    .description('make the subscriptions that deliver to the topic of this deployment')
    .action(() => postDeploy({ ...connected(), terminal }));
  connect
    .command('pre-undeploy')
    .description('remove them')
    .action(() => preUndeploy({ ...connected(), terminal }));
}

/** A step without its destination, which holds secrets. */
function dataOf(step: Step) {
  switch (step.do) {
    case 'create':
    case 'replace': {
      const { key, messages, changes } = step.draft;
      return { do: step.do, key, messages, changes };
    }
    case 'update':
      return { do: step.do, key: step.key, actions: step.actions.map(({ action }) => action) };
    default:
      return { do: step.do, key: step.key, status: step.existing.status };
  }
}

/** Adds an option for each kind of destination. */
export function withDestination(command: Command): Command {
  for (const kind of destinationKindNames) command.option(`--${kind} <destination>`, destinationKinds[kind].form);
  return command;
}
