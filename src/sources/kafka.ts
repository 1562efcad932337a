/**
 * Kafka, also Confluent Cloud: one member of a consumer group. Offsets are committed only behind finished work; what
 * shall come again is tried again here, because Kafka can't take a single message back.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Consumer, type Message, type MessagesStream } from '@platformatic/kafka';
import type { Activity } from '../activity.ts';
import { unwrapText } from './envelope.ts';
import { createOffsets, type Offsets } from './offsets.ts';
import type { Handle, RawMessage, Source } from './source.ts';
import { createPatience, nameOf, together, waitMs } from './waiting.ts';

export interface KafkaSettings {
  /** host:port of some brokers; the rest of the cluster is found through them. */
  brokers: string[];
  topics: string[];
  group: string;
  tls: boolean;
  sasl?: { mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512'; username: string; password: string };
  /** Messages that are worked on at once. */
  atOnce: number;
}

const mostBytesFetched = 5 * 1024 * 1024;
/** A member that is silent for so long loses its partitions. */
const sessionMs = 30_000;

type Value = Message<string, string, string, string>;

/** What holds while our share of the partitions stays the same. */
interface Share {
  generation: number | undefined;
  offsets: Offsets;
  /** Aborts when the share changes or the source stops. */
  ended: AbortController;
}

const utf8 = (bytes: Buffer | undefined) => bytes?.toString('utf8') ?? '';

/** @param activity is told when the cluster can't be reached */
export function createKafka(settings: KafkaSettings, activity: Activity): Source {
  const stopping = new AbortController();
  const patience = createPatience();
  let trouble: string | undefined;
  let consuming: Promise<void> | undefined;

  function troubled(thrown: unknown): void {
    const now = `the cluster can't be read (${nameOf(thrown)})`;
    if (trouble !== now) activity.tell({ what: 'warning', detail: `kafka: ${now}` });
    trouble = now;
    patience.failed();
  }

  /** One connection after the other, until the source stops. */
  async function consume(handle: Handle): Promise<void> {
    while (!stopping.signal.aborted) {
      await sleep(patience.leftMs(), undefined, { signal: stopping.signal }).catch(() => undefined);
      if (stopping.signal.aborted) return;
      const consumer = createConsumer(settings);
      try {
        await readWith(consumer, handle);
      } catch (thrown) {
        if (!stopping.signal.aborted) troubled(thrown);
      } finally {
        await consumer.close(true).catch(() => undefined);
      }
    }
  }

  async function readWith(consumer: ReturnType<typeof createConsumer>, handle: Handle): Promise<void> {
    let share = newShare(undefined);
    consumer.on('consumer:group:join', ({ generationId }) => {
      share.ended.abort();
      share = newShare(generationId);
      trouble = undefined;
      patience.ok();
    });
    const { topics } = settings;
    const stream = await consumer.consume({ topics, mode: 'committed', fallbackMode: 'earliest', autocommit: false });
    const close = () => {
      share.ended.abort();
      void stream.close().catch(() => undefined);
    };
    stopping.signal.addEventListener('abort', close, { once: true });
    const inFlight = new Set<Promise<void>>();
    const commit = createCommit(consumer);
    try {
      await read(stream, async (message) => {
        // Read before our share changed: whoever has the partition now reads it again.
        if (share.generation !== generationOf(message)) return;
        const work = settle({ message, share, handle, commit: () => commit(share) }).finally(() =>
          inFlight.delete(work),
        );
        inFlight.add(work);
        while (inFlight.size >= settings.atOnce) await Promise.race(inFlight);
      });
    } finally {
      stopping.signal.removeEventListener('abort', close);
      share.ended.abort();
      await Promise.all(inFlight);
      await commit(share);
    }
  }

  async function read(stream: MessagesStream<string, string, string, string>, take: (message: Value) => Promise<void>) {
    if (stopping.signal.aborted) return;
    for await (const message of stream) {
      if (stopping.signal.aborted) return;
      await take(message);
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

function createConsumer({ brokers, group, tls, sasl, atOnce }: KafkaSettings) {
  return new Consumer({
    clientId: 'commercetools-klaviyo',
    groupId: group,
    bootstrapBrokers: brokers,
    ...(tls ? { tls: {} } : {}),
    ...(sasl ? { sasl } : {}),
    sessionTimeout: sessionMs,
    maxBytes: mostBytesFetched,
    maxWaitTime: 1_000,
    highWaterMark: atOnce,
    deserializers: { key: utf8, value: utf8, headerKey: utf8, headerValue: utf8 },
  });
}

function newShare(generation: number | undefined): Share {
  return { generation, offsets: createOffsets(), ended: new AbortController() };
}

function generationOf({ metadata }: Value): number | undefined {
  const { consumer } = metadata;
  const known = typeof consumer === 'object' && consumer !== null && 'generationId' in consumer;
  return known && typeof consumer.generationId === 'number' ? consumer.generationId : undefined;
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
  const messages = message.value === '' ? [] : unwrapText(message.value, { source: 'kafka', brokerId });
  if (!(await untilAcknowledged(messages, handle, share.ended.signal))) return;
  share.offsets.finished({ topic, partition, offset });
  await commit();
}

async function untilAcknowledged(messages: RawMessage[], handle: Handle, signal: AbortSignal): Promise<boolean> {
  for (let tries = 1; ; tries += 1) {
    const verdict = together(await Promise.all(messages.map((message) => handle({ ...message, tries }))));
    if (verdict.answer !== 'again') return true;
    if (signal.aborted) return false;
    const waited = await sleep(waitMs(tries, verdict.retryAfterMs), true, { signal }).catch(() => false);
    if (!waited) return false;
  }
}

/** Commits what moved, one request at a time; what moves meanwhile goes with the next. */
function createCommit(consumer: ReturnType<typeof createConsumer>): (share: Share) => Promise<void> {
  let last: Promise<void> = Promise.resolve();
  async function commitNow({ offsets }: Share): Promise<void> {
    const moved = offsets.takeMoved();
    if (moved.length === 0) return;
    // Refused when the partitions have just moved to another member: it reads from the last commit, without effect.
    await consumer.commit({ offsets: moved.map((one) => ({ ...one, leaderEpoch: -1 })) }).catch(() => undefined);
  }
  return (share) => {
    last = last.then(() => commitNow(share));
    return last;
  };
}
