/**
 * Kafka as librdkafka's mock cluster plays it (Debian's kcat), with groups, behind a proxy that can be cut. The proxy
 * puts its own port wherever the cluster names its brokers. Debian's release claims version 5 of ListOffsets and answers
 * in the form of version 3, so the proxy has it claim 3.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { Consumer, Producer, stringSerializers } from '@platformatic/kafka';
import { createKafka } from '../../src/sources/kafka/kafka.ts';
import type { Broker, Kind } from './broker.ts';
import { createSplitter, readdress } from './kafka-frames.ts';
import { type Rewrite, type Rewriting, startProxy } from './proxy.ts';

const topic = 'messages';
const group = 'ctk';
const partitions = 4;
const apiVersions = 18;

async function start(): Promise<Broker> {
  const cluster = await startCluster();
  const proxy = await startProxy(cluster.port, (ownPort) => rewriting(cluster.port, ownPort));
  const inside = await startProxy(cluster.port, (ownPort) => rewriting(cluster.port, ownPort));
  const brokers = [`127.0.0.1:${proxy.port}`];
  const direct = { clientId: 'test', bootstrapBrokers: [`127.0.0.1:${inside.port}`] };
  const producer = new Producer({ ...direct, serializers: stringSerializers, autocreateTopics: true });
  const observer = new Consumer({ ...direct, groupId: group });
  let sent = 0;
  const send = async (...texts: string[]) => {
    const messages = texts.map((value, index) => ({ topic, key: 'k', value, partition: (sent + index) % partitions }));
    sent += texts.length;
    await producer.send({ messages, acks: -1 });
  };
  // The topic is there before anybody reads it.
  await producer.metadata({ topics: [topic], autocreateTopics: true });
  return {
    source: async ({ concurrency, events }) =>
      createKafka({ brokers, topics: [topic], group, tls: false, concurrency, sessionMs: 6_000 }, events),
    env: { KAFKA_BROKERS: brokers.join(), KAFKA_TOPICS: topic, KAFKA_GROUP: group, KAFKA_TLS: 'false' },
    pushTo: async () => undefined,
    send,
    async sendTraced(value, traceparent) {
      sent += 1;
      const headers = new Map([['traceparent', traceparent]]);
      await producer.send({ messages: [{ topic, key: 'k', value, partition: 0, headers }], acks: -1 });
    },
    async pending() {
      const all = Array.from({ length: partitions }, (_, partition) => partition);
      const committed = await observer.listCommittedOffsets({ topics: [{ topic, partitions: all }] });
      const done = (committed.get(topic) ?? []).reduce((sum, offset) => sum + (offset > 0n ? Number(offset) : 0), 0);
      return sent - done;
    },
    cut: async () => proxy.cut(),
    mend: async () => proxy.mend(),
    async stop() {
      await producer.close();
      await observer.close(true);
      await Promise.all([proxy.stop(), inside.stop()]);
      cluster.stop();
    },
  };
}

async function startCluster(): Promise<{ port: number; stop(): void }> {
  const kcat: ChildProcess = spawn('kcat', ['-P', '-t', 'hold', '-b', 'x:1', '-X', 'test.mock.num.brokers=1'], {
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  const port = await new Promise<number>((resolve, reject) => {
    kcat.once('exit', () => reject(new Error('kcat ended')));
    kcat.stderr?.on('data', (said: Buffer) => {
      const found = /replaced with 127\.0\.0\.1:(\d+)/.exec(said.toString())?.[1];
      if (found) resolve(Number(found));
    });
  });
  return { port, stop: () => void kcat.kill('SIGKILL') };
}

function rewriting(clusterPort: number, ownPort: number): Rewriting {
  const askedForVersions = new Set<number>();
  return {
    toServer: frames((frame) => {
      if (frame.readInt16BE(4) === apiVersions) askedForVersions.add(frame.readInt32BE(8));
    }),
    toClient: frames((frame) => {
      readdress(frame, { host: '127.0.0.1', port: clusterPort }, { host: '127.0.0.1', port: ownPort });
      if (!askedForVersions.delete(frame.readInt32BE(4))) return;
      const listOffsets = Buffer.from([0, 2, 0, 0, 0]);
      const at = frame.indexOf(listOffsets);
      if (at >= 0) frame.writeInt16BE(3, at + 4);
    }),
  };
}

function frames(each: (frame: Buffer) => void): Rewrite {
  const split = createSplitter();
  return (bytes) => {
    const whole = split(bytes);
    for (const frame of whole) each(frame);
    return Buffer.concat(whole);
  };
}

const isThere = spawnSync('kcat', ['-V']).status === 0;

export const kafka: Kind = {
  name: 'Kafka',
  start,
  missing: isThere ? undefined : 'kcat is not installed (apt-get install kcat), so Kafka is NOT tested here',
};
