/** `ctk connect`: scripts that commercetools Connect runs after a deployment and before its removal. */
import type { Command } from 'commander';
import type { Config } from '../../config/config.ts';
import { CommandError, type Terminal } from '../output/terminal.ts';
import { connectCommercetools } from '../with-services.ts';
import { apply, type PlanOptions, plan, removeAll } from './subscriptions.ts';

export function define(command: Command, terminal: Terminal): void {
  command
    .command('post-deploy')
    .description('make the subscriptions that deliver to the topic of this deployment')
    .action(async () => {
      const deps = { ...(await connectCommercetools()), terminal };
      await apply(deps, await plan(deps, destinationOf(deps.config)));
    });
  command
    .command('pre-undeploy')
    .description('remove them')
    .action(async () => removeAll({ ...(await connectCommercetools()), terminal }));
}

/** https://docs.commercetools.com/connect/automation-scripts */
function destinationOf({ connect }: Config): PlanOptions {
  switch (connect.destination) {
    case 'GoogleCloudPubSub':
      if (connect.gcpProject && connect.gcpTopic)
        return { pubsub: `projects/${connect.gcpProject}/topics/${connect.gcpTopic}` };
      throw new CommandError('Connect sets CONNECT_GCP_PROJECT_ID and CONNECT_GCP_TOPIC_NAME; one is missing');
    case 'SNS':
      if (connect.awsTopicArn) return { sns: connect.awsTopicArn };
      throw new CommandError('Connect sets CONNECT_AWS_TOPIC_ARN; it is missing');
    default:
      throw new CommandError(
        `CONNECT_SUBSCRIPTION_DESTINATION is ${connect.destination ?? 'missing'}: Connect sets it to GoogleCloudPubSub or SNS, or CONNECT_PROVIDER to GCP or AWS`,
      );
  }
}
