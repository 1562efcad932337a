/**
 * Receives from Amazon SQS by long polling. Extends a message's visibility timeout while it is in flight, deletes it when
 * it is acknowledged, and otherwise sets the timeout to the redelivery delay.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Message, SQSClient } from '@aws-sdk/client-sqs';
import { codeOf } from '../lib/errors.ts';
import type { AppEvents } from '../telemetry/app-events.ts';
import { traceIn, unwrapText } from './envelope.ts';
import { createPullBackoff, redeliveryDelayMs } from './pull-backoff.ts';
import { combineVerdicts, type Handle, type Source } from './source.ts';

export interface SqsSettings {
  queueUrl: string;
  concurrency: number;
  visibilitySeconds?: number;
}

const maxMessagesPerReceive = 10;
const waitSeconds = 20;
const maxVisibilitySeconds = 900;

/** The AWS SDK is loaded when the source starts. */
interface Connection {
  client: SQSClient;
  sdk: typeof import('@aws-sdk/client-sqs');
}

/** Credentials come from the AWS SDK's default provider chain. */
export function createSqs({ queueUrl, concurrency, visibilitySeconds = 30 }: SqsSettings, events: AppEvents): Source {
  const stopping = new AbortController();
  const backoff = createPullBackoff();
  const inFlight = new Set<Promise<void>>();
  let lastError: string | undefined;
  let polling: Promise<void> | undefined;

  function onError(thrown: unknown): void {
    const error = `the queue can't be read (${codeOf(thrown)})`;
    if (lastError !== error) events.emit({ type: 'warning', detail: `sqs: ${error}` });
    lastError = error;
    backoff.onFailure();
  }

  async function receive({ client, sdk }: Connection): Promise<Message[]> {
    const command = new sdk.ReceiveMessageCommand({
      QueueUrl: queueUrl,
      MaxNumberOfMessages: Math.min(maxMessagesPerReceive, concurrency - inFlight.size),
      WaitTimeSeconds: waitSeconds,
      VisibilityTimeout: visibilitySeconds,
      MessageSystemAttributeNames: ['ApproximateReceiveCount'],
      MessageAttributeNames: ['traceparent', 'tracestate'],
    });
    try {
      const { Messages = [] } = await client.send(command, { abortSignal: stopping.signal });
      lastError = undefined;
      return Messages;
    } catch (thrown) {
      if (!stopping.signal.aborted) onError(thrown);
      return [];
    }
  }

  async function poll(handle: Handle): Promise<void> {
    const sdk = await import('@aws-sdk/client-sqs');
    const connection = { sdk, client: new sdk.SQSClient(endpointOf(queueUrl)) };
    while (!stopping.signal.aborted) {
      await sleep(backoff.remainingMs(), undefined, { signal: stopping.signal }).catch(() => undefined);
      while (inFlight.size >= concurrency) await Promise.race(inFlight);
      if (stopping.signal.aborted) break;
      for (const message of await receive(connection)) {
        const settling = settle(connection, message, handle).finally(() => inFlight.delete(settling));
        inFlight.add(settling);
      }
    }
    await Promise.all(inFlight);
    connection.client.destroy();
  }

  async function settle({ client, sdk }: Connection, message: Message, handle: Handle): Promise<void> {
    const target = { QueueUrl: queueUrl, ReceiptHandle: message.ReceiptHandle };
    const setVisibility = (seconds: number) =>
      new sdk.ChangeMessageVisibilityCommand({ ...target, VisibilityTimeout: seconds });
    // If an extension fails, the message may be delivered twice.
    const extension = setInterval(
      () => void client.send(setVisibility(visibilitySeconds)).catch(() => undefined),
      visibilitySeconds * 500,
    );
    const deliveries = Number(message.Attributes?.ApproximateReceiveCount) || 1;
    const id = message.MessageId === undefined ? {} : { brokerId: message.MessageId };
    const origin = { source: 'sqs', deliveries, ...id, ...traceIn(stringValues(message.MessageAttributes)) };
    const verdict = combineVerdicts(await Promise.all(unwrapText(message.Body ?? '', origin).map(handle)));
    clearInterval(extension);
    backoff.onVerdict(verdict);
    const settled = !verdict.ack
      ? client.send(setVisibility(redeliverySeconds(deliveries, verdict.retryAfterMs)))
      : client.send(new sdk.DeleteMessageCommand(target));
    await settled.catch(onError);
  }

  return {
    name: 'sqs',
    start(handle) {
      polling = poll(handle);
    },
    async stop() {
      stopping.abort();
      await polling;
    },
    lastError: () => lastError,
  };
}

function stringValues(attributes: Message['MessageAttributes'] = {}): Record<string, unknown> {
  return Object.fromEntries(Object.entries(attributes).map(([name, { StringValue }]) => [name, StringValue]));
}

function redeliverySeconds(deliveries: number, retryAfterMs: number | undefined): number {
  return Math.min(Math.ceil(redeliveryDelayMs(deliveries, retryAfterMs) / 1_000), maxVisibilitySeconds);
}

/** @returns the queue's origin and the region in its host name; for a custom endpoint AWS_REGION has to be set */
function endpointOf(queueUrl: string): { endpoint: string; region?: string } {
  const { origin: endpoint, hostname } = new URL(queueUrl);
  const region = /^sqs\.([a-z0-9-]+)\./.exec(hostname)?.[1];
  return { endpoint, ...(region === undefined ? {} : { region }) };
}
