/** An SQS that speaks the real protocol, behind a proxy that can be cut. */
import { GetQueueAttributesCommand, SendMessageBatchCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { startFauxqs } from 'fauxqs';
import { createSqs } from '../../src/sources/sqs.ts';
import type { Broker, Kind } from './broker.ts';
import { startProxy } from './proxy.ts';

const access = { AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };

async function start(): Promise<Broker> {
  // The SDK looks for credentials in the environment of the process, as in production.
  Object.assign(process.env, access);
  const server = await startFauxqs({ port: 0, logger: false });
  server.createQueue('messages');
  const proxy = await startProxy(server.port);
  const queueUrl = `http://127.0.0.1:${proxy.port}/000000000000/messages`;
  const direct = new SQSClient({ endpoint: server.address });
  const QueueUrl = `http://127.0.0.1:${server.port}/000000000000/messages`;
  return {
    source: async ({ concurrency, events }) => createSqs({ queueUrl, concurrency, visibilitySeconds: 2 }, events),
    env: { SQS_QUEUE_URL: queueUrl },
    pushTo: async () => undefined,
    async send(...texts) {
      for (let at = 0; at < texts.length; at += 10) {
        const Entries = texts.slice(at, at + 10).map((MessageBody, index) => ({ Id: String(index), MessageBody }));
        await direct.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
      }
    },
    async sendTraced(MessageBody, StringValue) {
      const MessageAttributes = { traceparent: { DataType: 'String', StringValue } };
      await direct.send(new SendMessageCommand({ QueueUrl, MessageBody, MessageAttributes }));
    },
    async pending() {
      const { Attributes = {} } = await direct.send(
        new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }),
      );
      return (
        Number(Attributes.ApproximateNumberOfMessages) +
        Number(Attributes.ApproximateNumberOfMessagesNotVisible) +
        Number(Attributes.ApproximateNumberOfMessagesDelayed ?? 0)
      );
    },
    cut: async () => proxy.cut(),
    mend: async () => proxy.mend(),
    async stop() {
      direct.destroy();
      await proxy.stop();
      await server.stop();
    },
  };
}

export const sqs: Kind = { name: 'SQS', start };
