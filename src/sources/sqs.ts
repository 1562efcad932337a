/**
 * Amazon SQS: long polling, in batches; each message by itself hidden while it is worked on, deleted after its verdict,
 * shown again when it shall come again.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html
 */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  type Message,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import type { AppEvents } from '../telemetry/app-events.ts';
import { createPatience, nameOf, together, waitMs } from './combine-verdicts.ts';
import { traceIn, unwrapText } from './envelope.ts';
import type { Handle, Source } from './source.ts';

export interface SqsSettings {
  queueUrl: string;
  /** Messages that are worked on at once. */
  concurrency: number;
  /** Seconds that a message is hidden; renewed while it is worked on. */
  hiddenSeconds?: number;
}

const maxInOneAnswer = 10;
const waitSeconds = 20;
/** A message comes again after this at the latest. */
const longestHiddenSeconds = 900;

/** @param activity is told when the queue can't be reached. Credentials come from where the AWS SDK looks for them. */
export function createSqs({ queueUrl, concurrency, hiddenSeconds = 30 }: SqsSettings, events: AppEvents): Source {
  const stopping = new AbortController();
  const patience = createPatience();
  const inFlight = new Set<Promise<void>>();
  let trouble: string | undefined;
  let pulling: Promise<void> | undefined;
  let client: SQSClient | undefined;

  function troubled(thrown: unknown): void {
    const now = `the queue can't be read (${nameOf(thrown)})`;
    if (trouble !== now) events.emit({ type: 'warning', detail: `sqs: ${now}` });
    trouble = now;
    patience.failed();
  }

  async function receive(sqs: SQSClient): Promise<Message[]> {
    const asked = new ReceiveMessageCommand({
      QueueUrl: queueUrl,
      MaxNumberOfMessages: Math.min(maxInOneAnswer, concurrency - inFlight.size),
      WaitTimeSeconds: waitSeconds,
      VisibilityTimeout: hiddenSeconds,
      MessageSystemAttributeNames: ['ApproximateReceiveCount'],
      MessageAttributeNames: ['traceparent', 'tracestate'],
    });
    try {
      const { Messages = [] } = await sqs.send(asked, { abortSignal: stopping.signal });
      trouble = undefined;
      return Messages;
    } catch (thrown) {
      if (!stopping.signal.aborted) troubled(thrown);
      return [];
    }
  }

  async function pull(sqs: SQSClient, handle: Handle): Promise<void> {
    while (!stopping.signal.aborted) {
      await sleep(patience.leftMs(), undefined, { signal: stopping.signal }).catch(() => undefined);
      while (inFlight.size >= concurrency) await Promise.race(inFlight);
      if (stopping.signal.aborted) return;
      for (const message of await receive(sqs)) {
        const work = settle(sqs, message, handle).finally(() => inFlight.delete(work));
        inFlight.add(work);
      }
    }
  }

  async function settle(sqs: SQSClient, message: Message, handle: Handle): Promise<void> {
    const named = { QueueUrl: queueUrl, ReceiptHandle: message.ReceiptHandle };
    const hide = (seconds: number) => new ChangeMessageVisibilityCommand({ ...named, VisibilityTimeout: seconds });
    // A renewal that fails means at worst that the message comes twice.
    const renewal = setInterval(() => void sqs.send(hide(hiddenSeconds)).catch(() => undefined), hiddenSeconds * 500);
    const deliveries = Number(message.Attributes?.ApproximateReceiveCount) || 1;
    const id = message.MessageId === undefined ? {} : { brokerId: message.MessageId };
    const about = { source: 'sqs', deliveries, ...id, ...traceIn(textsOf(message.MessageAttributes)) };
    const verdict = together(await Promise.all(unwrapText(message.Body ?? '', about).map(handle)));
    clearInterval(renewal);
    patience.took(verdict);
    const settled = !verdict.ack
      ? sqs.send(hide(secondsUntilNext(deliveries, verdict.retryAfterMs)))
      : sqs.send(new DeleteMessageCommand(named));
    await settled.catch(troubled);
  }

  return {
    name: 'sqs',
    start(handle) {
      client = new SQSClient(placeOf(queueUrl));
      pulling = pull(client, handle);
    },
    async stop() {
      stopping.abort();
      await pulling;
      await Promise.all(inFlight);
      client?.destroy();
    },
    trouble: () => trouble,
  };
}

function textsOf(attributes: Message['MessageAttributes'] = {}): Record<string, unknown> {
  return Object.fromEntries(Object.entries(attributes).map(([name, { StringValue }]) => [name, StringValue]));
}

function secondsUntilNext(deliveries: number, retryAfterMs: number | undefined): number {
  return Math.min(Math.ceil(waitMs(deliveries, retryAfterMs) / 1_000), longestHiddenSeconds);
}

/** The queue's own host, and the region that it names; elsewhere (an endpoint of one's own) AWS_REGION says it. */
function placeOf(queueUrl: string): { endpoint: string; region?: string } {
  const { origin: endpoint, hostname } = new URL(queueUrl);
  const region = /^sqs\.([a-z0-9-]+)\./.exec(hostname)?.[1];
  return { endpoint, ...(region === undefined ? {} : { region }) };
}
