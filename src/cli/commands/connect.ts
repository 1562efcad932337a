/** `ctk connect`: what commercetools Connect runs after it deployed the event application, and before it takes it away. */
import type { Command } from 'commander';
import type { Config } from '../../config/config.ts';
import { CommandFailed, type Terminal } from '../output/terminal.ts';
import { connected } from '../with-services.ts';
import { apply, type PlanOptions, plan, removalOf, type SubscriptionParts } from './subscriptions.ts';

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

/** Makes the subscriptions that deliver to the topic that Connect made; a second time there is nothing to do. */
async function postDeploy(parts: SubscriptionParts): Promise<void> {
  await apply(parts, await plan(parts, destinationOf(parts.config)));
}

/** Removes them; what is gone is no matter. */
async function preUndeploy(parts: SubscriptionParts): Promise<void> {
  await apply(parts, await removalOf(parts));
}

/** https://docs.commercetools.com/connect/automation-scripts */
function destinationOf({ connect }: Config): PlanOptions {
  switch (connect.destination) {
    case 'GoogleCloudPubSub':
      if (connect.gcpProject && connect.gcpTopic)
        return { pubsub: `projects/${connect.gcpProject}/topics/${connect.gcpTopic}` };
      throw new CommandFailed('Connect sets CONNECT_GCP_PROJECT_ID and CONNECT_GCP_TOPIC_NAME; one is missing');
    case 'SNS':
      if (connect.awsTopicArn) return { sns: connect.awsTopicArn };
      throw new CommandFailed('Connect sets CONNECT_AWS_TOPIC_ARN; it is missing');
    default:
      throw new CommandFailed(
        `CONNECT_SUBSCRIPTION_DESTINATION is ${connect.destination ?? 'missing'}: Connect sets it to GoogleCloudPubSub or SNS`,
      );
  }
}
