/**
 * Kafka, also Confluent Cloud: one member of a consumer group. Offsets are committed only behind finished work; what
 * shall come again is tried again here, because Kafka can't take a single message back.
 */
import { isIP } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Consumer, type Message, type MessagesStream } from '@platformatic/kafka';
import type { AppEvents } from '../../telemetry/app-events.ts';
import { createPatience, nameOf, together, waitMs } from '../combine-verdicts.ts';
import { traceIn, unwrapText } from '../envelope.ts';
import type { Handle, RawMessage, Source } from '../source.ts';
import { causeOf } from './kafka-errors.ts';
import { createOffsets, type Offsets } from './offsets.ts';

export interface KafkaSettings {
  /** host:port of some brokers; the rest of the cluster is found through them. */
  brokers: string[];
  topics: string[];
  group: string;
  tls: boolean;
  sasl?: { mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512'; username: string; password: string };
  /** Messages that are worked on at once. */
  concurrency: number;
  /** A member that is silent for so long loses its partitions. */
  sessionMs?: number;
}

const maxBytesFetched = 5 * 1024 * 1024;
const defaultSessionMs = 30_000;
const retryDelayMs = 1_000;

type Value = Message<string, string, string, string>;

/** What holds while our share of the partitions stays the same. */
interface Share {
  offsets: Offsets;
  /** Aborts when the share changes or the source stops. */
  ended: AbortController;
}

interface Reading {
  stream: MessagesStream<string, string, string, string>;
  share: Share;
  handle: Handle;
  consumer: ReturnType<typeof createConsumer>;
}

const utf8 = (bytes: Buffer | undefined) => bytes?.toString('utf8') ?? '';

/** @param activity is told when the cluster can't be reached */
export function createKafka(settings: KafkaSettings, events: AppEvents): Source {
  const stopping = new AbortController();
  const patience = createPatience();
  let trouble: string | undefined;
  let consuming: Promise<void> | undefined;

  function troubled(now: string): void {
    if (trouble !== now) events.emit({ type: 'warning', detail: `kafka: ${now}` });
    trouble = now;
  }

  /** One connection after the other, until the source stops. */
  async function consume(handle: Handle): Promise<void> {
    while (!stopping.signal.aborted) {
      await sleep(patience.leftMs(), undefined, { signal: stopping.signal }).catch(() => undefined);
      if (stopping.signal.aborted) return;
      let consumer: ReturnType<typeof createConsumer> | undefined;
      try {
        consumer = createConsumer(settings, (thrown) => {
          // It tries many times before it gives up; what no further try can mend is told at once.
          const cause = causeOf(thrown, settings.sasl);
          if (cause && !stopping.signal.aborted) troubled(cause);
        });
        await readWith(consumer, handle);
      } catch (thrown) {
        if (stopping.signal.aborted) return;
        troubled(causeOf(thrown, settings.sasl) ?? `the cluster can't be read (${nameOf(thrown)})`);
        patience.failed();
      } finally {
        await consumer?.close(true).catch(() => undefined);
      }
    }
  }

  /** One stream after the other, for as long as the connection holds: whenever our share of the partitions changes. */
  async function readWith(consumer: ReturnType<typeof createConsumer>, handle: Handle): Promise<void> {
    let share = newShare();
    consumer.on('consumer:group:join', () => {
      // What is buffered or being fetched may belong to others now, and would leave gaps in what remains ours.
      share.ended.abort();
      trouble = undefined;
      patience.ok();
    });
    const { topics } = settings;
    let isFirst = true;
    while (!stopping.signal.aborted) {
      // Who is not let in tries for long; until there is a stream nothing is in flight that could be lost.
      const giveUp = () => void consumer.close(true).catch(() => undefined);
      stopping.signal.addEventListener('abort', giveUp, { once: true });
      const stream = await consumer
        .consume({ topics, mode: 'committed', fallbackMode: 'earliest', autocommit: false })
        .finally(() => stopping.signal.removeEventListener('abort', giveUp));
      // Else the end of this stream would leave the topics, and the next would make the whole group share out anew.
      if (isFirst) consumer.topics.trackAll(...topics);
      isFirst = false;
      share = newShare();
      const end = () => share.ended.abort();
      stopping.signal.addEventListener('abort', end, { once: true });
      if (stopping.signal.aborted) end();
      try {
        await readStream({ stream, share, handle, consumer });
      } finally {
        stopping.signal.removeEventListener('abort', end);
      }
    }
  }

  async function readStream(about: Reading): Promise<void> {
    const { stream, share, handle, consumer } = about;
    const inFlight = new Set<Promise<void>>();
    const commit = createCommit(consumer, share);
    const close = () => void stream.close().catch(() => undefined);
    share.ended.signal.addEventListener('abort', close, { once: true });
    if (share.ended.signal.aborted) close();
    try {
      for await (const message of stream) {
        if (share.ended.signal.aborted) break;
        const work = settle({ message, share, handle, commit }).finally(() => inFlight.delete(work));
        inFlight.add(work);
        while (inFlight.size >= settings.concurrency) await Promise.race(inFlight);
      }
    } finally {
      share.ended.abort();
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
    trouble: () => trouble,
  };
}

/** @param onRetry called with what went wrong before each further try */
function createConsumer(settings: KafkaSettings, onRetry: (thrown: unknown) => void) {
  const { brokers, group, tls, sasl, concurrency, sessionMs = defaultSessionMs } = settings;
  return new Consumer({
    clientId: 'commercetools-klaviyo',
    groupId: group,
    bootstrapBrokers: brokers,
    // Confluent Cloud finds the cluster by the name in the TLS handshake, where an address must not stand (RFC 6066).
    ...(tls ? { tls: {}, tlsServerName: brokers.every((broker) => isIP(broker.replace(/:\d+$/, '')) === 0) } : {}),
    ...(sasl ? { sasl } : {}),
    retryDelay(_client, _operation, _attempt, _retries, thrown) {
      onRetry(thrown);
      return retryDelayMs;
    },
    sessionTimeout: sessionMs,
    maxBytes: maxBytesFetched,
    maxWaitTime: 1_000,
    highWaterMark: concurrency,
    deserializers: { key: utf8, value: utf8, headerKey: utf8, headerValue: utf8 },
  });
}

function newShare(): Share {
  return { offsets: createOffsets(), ended: new AbortController() };
}

/** Works on one message until it has a verdict that acknowledges it, or somebody else has its partition. */
async function settle(about: {
  message: Value;
  share: Share;
  handle: Handle;
  commit: () => Promise<void>;
}): Promise<void> {
  const { message, share, handle, commit } = about;
  const { topic, partition, offset } = message;
  share.offsets.began({ topic, partition, offset });
  const brokerId = `${topic}/${partition}/${offset}`;
  // A tombstone holds nothing to be done.
  const messages =
    message.value === '' ? [] : unwrapText(message.value, { source: 'kafka', brokerId, ...traceOf(message.headers) });
  if (!(await untilAcknowledged(messages, handle, share.ended.signal))) return;
  share.offsets.finished({ topic, partition, offset });
  await commit();
}

/** Most messages have no headers. */
function traceOf(headers: Value['headers']): Pick<RawMessage, 'trace'> {
  return headers.size === 0 ? {} : traceIn(Object.fromEntries(headers));
}

async function untilAcknowledged(messages: RawMessage[], handle: Handle, signal: AbortSignal): Promise<boolean> {
  for (let deliveries = 1; ; deliveries += 1) {
    const verdict = together(await Promise.all(messages.map((message) => handle({ ...message, deliveries }))));
    if (verdict.ack) return true;
    if (signal.aborted) return false;
    const waited = await sleep(waitMs(deliveries, verdict.retryAfterMs), true, { signal }).catch(() => false);
    if (!waited) return false;
  }
}

/** Commits what moved, one request at a time; what moves meanwhile goes with the next. */
function createCommit(consumer: ReturnType<typeof createConsumer>, { offsets }: Share): () => Promise<void> {
  let last: Promise<void> = Promise.resolve();
  async function commitNow(): Promise<void> {
    const moved = offsets.takeMoved();
    if (moved.length === 0) return;
    // Refused while partitions move between members: whoever has them then reads from the last commit, without effect.
    await consumer.commit({ offsets: moved.map((one) => ({ ...one, leaderEpoch: -1 })) }).catch(() => undefined);
  }
  return () => {
    last = last.then(commitNow);
    return last;
  };
}
