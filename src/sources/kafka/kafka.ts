/**
 * Consumes Kafka topics, also of Confluent Cloud, as one member of a consumer group. Commits an offset only when every
 * message before it is finished. Retries messages in the process, because Kafka can't redeliver a single one.
 */
import { isIP } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Message, MessagesStream } from '@platformatic/kafka';
import { codeOf } from '../../lib/errors.ts';
import type { AppEvents } from '../../telemetry/app-events.ts';
import { traceIn, unwrapText } from '../envelope.ts';
import { createPullBackoff, redeliveryDelayMs } from '../pull-backoff.ts';
import { combineVerdicts, type Handle, type RawMessage, type Source } from '../source.ts';
import { configurationErrorOf } from './kafka-errors.ts';
import { createOffsets, type Offsets } from './offsets.ts';

export interface KafkaSettings {
  /** host:port of some brokers, through which the client discovers the cluster. */
  brokers: string[];
  topics: string[];
  group: string;
  tls: boolean;
  sasl?: { mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512'; username: string; password: string };
  concurrency: number;
  /** Session timeout: a member without a heartbeat for this long loses its partitions. */
  sessionMs?: number;
}

const maxFetchBytes = 5 * 1024 * 1024;
const defaultSessionMs = 30_000;
const retryDelayMs = 1_000;

type KafkaMessage = Message<string, string, string, string>;
type KafkaConsumer = Awaited<ReturnType<typeof createConsumer>>;

interface Assignment {
  offsets: Offsets;
  /** Aborts on a rebalance and when the source stops. */
  revoked: AbortController;
}

interface StreamReader {
  stream: MessagesStream<string, string, string, string>;
  assignment: Assignment;
  handle: Handle;
  consumer: KafkaConsumer;
}

const utf8 = (bytes: Buffer | undefined) => bytes?.toString('utf8') ?? '';

/** @param events gets a warning when the cluster can't be read */
export function createKafka(settings: KafkaSettings, events: AppEvents): Source {
  const stopping = new AbortController();
  const backoff = createPullBackoff();
  let lastError: string | undefined;
  let consuming: Promise<void> | undefined;

  function setError(error: string): void {
    if (lastError !== error) events.emit({ type: 'warning', detail: `kafka: ${error}` });
    lastError = error;
  }

  /** Connects, and reconnects after errors, until the source stops. */
  async function consume(handle: Handle): Promise<void> {
    while (!stopping.signal.aborted) {
      await sleep(backoff.remainingMs(), undefined, { signal: stopping.signal }).catch(() => undefined);
      if (stopping.signal.aborted) return;
      let consumer: KafkaConsumer | undefined;
      try {
        consumer = await createConsumer(settings, (thrown) => {
          // The client retries for long. A configuration error is reported at the first failure.
          const error = configurationErrorOf(thrown, settings.sasl);
          if (error && !stopping.signal.aborted) setError(error);
        });
        await readWith(consumer, handle);
      } catch (thrown) {
        if (stopping.signal.aborted) return;
        setError(configurationErrorOf(thrown, settings.sasl) ?? `the cluster can't be read (${codeOf(thrown)})`);
        backoff.onFailure();
      } finally {
        await consumer?.close(true).catch(() => undefined);
      }
    }
  }

  /** Opens a new stream after each rebalance, until the connection fails or the source stops. */
  async function readWith(consumer: KafkaConsumer, handle: Handle): Promise<void> {
    let assignment = createAssignment();
    consumer.on('consumer:group:join', () => {
      // Buffered messages may belong to other members now, and would leave gaps in the partitions that remain.
      assignment.revoked.abort();
      lastError = undefined;
      backoff.onSuccess();
    });
    const { topics } = settings;
    let isFirst = true;
    while (!stopping.signal.aborted) {
      // The client retries a failed connection for long. Before there is a stream, closing it loses nothing.
      const giveUp = () => void consumer.close(true).catch(() => undefined);
      stopping.signal.addEventListener('abort', giveUp, { once: true });
      const stream = await consumer
        .consume({ topics, mode: 'committed', fallbackMode: 'earliest', autocommit: false })
        .finally(() => stopping.signal.removeEventListener('abort', giveUp));
      // Otherwise the end of a stream would unsubscribe from the topics, and each new stream would rebalance the group.
      if (isFirst) consumer.topics.trackAll(...topics);
      isFirst = false;
      assignment = createAssignment();
      const revoke = () => assignment.revoked.abort();
      stopping.signal.addEventListener('abort', revoke, { once: true });
      if (stopping.signal.aborted) revoke();
      try {
        await readStream({ stream, assignment, handle, consumer });
      } finally {
        stopping.signal.removeEventListener('abort', revoke);
      }
    }
  }

  async function readStream({ stream, assignment, handle, consumer }: StreamReader): Promise<void> {
    const inFlight = new Set<Promise<void>>();
    const commit = createCommit(consumer, assignment);
    const close = () => void stream.close().catch(() => undefined);
    assignment.revoked.signal.addEventListener('abort', close, { once: true });
    if (assignment.revoked.signal.aborted) close();
    try {
      for await (const message of stream) {
        if (assignment.revoked.signal.aborted) break;
        const settling = settle({ message, assignment, handle, commit }).finally(() => inFlight.delete(settling));
        inFlight.add(settling);
        while (inFlight.size >= settings.concurrency) await Promise.race(inFlight);
      }
    } finally {
      assignment.revoked.abort();
      await Promise.all(inFlight);
      await commit();
      await stream.close().catch(() => undefined);
    }
  }

  return {
    name: 'kafka',
    start(handle) {
      consuming = consume(handle);
    },
    async stop() {
      stopping.abort();
      await consuming;
    },
    lastError: () => lastError,
  };
}

async function createConsumer(settings: KafkaSettings, onRetry: (thrown: unknown) => void) {
  // Loading the client takes about a second of CPU, which only processes that read Kafka should pay.
  const { Consumer } = await import('@platformatic/kafka');
  const { brokers, group, tls, sasl, concurrency, sessionMs = defaultSessionMs } = settings;
  return new Consumer({
    clientId: 'commercetools-klaviyo',
    groupId: group,
    bootstrapBrokers: brokers,
    // Confluent Cloud routes by the server name of the TLS handshake, which must not be an IP address (RFC 6066).
    ...(tls ? { tls: {}, tlsServerName: brokers.every((broker) => isIP(broker.replace(/:\d+$/, '')) === 0) } : {}),
    ...(sasl ? { sasl } : {}),
    retryDelay(_client, _operation, _attempt, _retries, thrown) {
      onRetry(thrown);
      return retryDelayMs;
    },
    sessionTimeout: sessionMs,
    maxBytes: maxFetchBytes,
    maxWaitTime: 1_000,
    highWaterMark: concurrency,
    deserializers: { key: utf8, value: utf8, headerKey: utf8, headerValue: utf8 },
  });
}

function createAssignment(): Assignment {
  return { offsets: createOffsets(), revoked: new AbortController() };
}

async function settle(delivery: {
  message: KafkaMessage;
  assignment: Assignment;
  handle: Handle;
  commit: () => Promise<void>;
}): Promise<void> {
  const { message, assignment, handle, commit } = delivery;
  const { topic, partition, offset } = message;
  assignment.offsets.start({ topic, partition, offset });
  const brokerId = `${topic}/${partition}/${offset}`;
  // A tombstone holds no message.
  const messages =
    message.value === '' ? [] : unwrapText(message.value, { source: 'kafka', brokerId, ...traceOf(message.headers) });
  if (!(await handleUntilAcknowledged(messages, handle, assignment.revoked.signal))) return;
  assignment.offsets.finish({ topic, partition, offset });
  await commit();
}

function traceOf(headers: KafkaMessage['headers']): Pick<RawMessage, 'trace'> {
  return headers.size === 0 ? {} : traceIn(Object.fromEntries(headers));
}

/** @returns false if the signal was aborted first */
async function handleUntilAcknowledged(messages: RawMessage[], handle: Handle, signal: AbortSignal): Promise<boolean> {
  for (let deliveries = 1; ; deliveries += 1) {
    const verdict = combineVerdicts(await Promise.all(messages.map((message) => handle({ ...message, deliveries }))));
    if (verdict.ack) return true;
    if (signal.aborted) return false;
    const waited = await sleep(redeliveryDelayMs(deliveries, verdict.retryAfterMs), true, { signal }).catch(
      () => false,
    );
    if (!waited) return false;
  }
}

/** Commits advanced offsets, one request at a time; offsets that advance meanwhile are in the next request. */
function createCommit(consumer: KafkaConsumer, { offsets }: Assignment): () => Promise<void> {
  let last: Promise<void> = Promise.resolve();
  async function commitNow(): Promise<void> {
    const committable = offsets.takeCommittable();
    if (committable.length === 0) return;
    // Rejected during a rebalance. The next owner reads from the last commit, and repeated messages have no effect.
    const request = { offsets: committable.map((position) => ({ ...position, leaderEpoch: -1 })) };
    await consumer.commit(request).catch(() => undefined);
  }
  return () => {
    last = last.then(commitNow);
    return last;
  };
}
