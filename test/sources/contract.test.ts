/** The contract that every source fulfils, whatever its broker. The test is the engine that handles the messages. */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import pino from 'pino';
import type { RawMessage, Source, Verdict } from '../../src/sources/source.ts';
import { createAppEvents } from '../../src/telemetry/app-events.ts';
import type { Broker, Kind } from './broker.ts';
import { kafka } from './kafka-broker.ts';
import { push } from './push-broker.ts';
import { sqs } from './sqs-broker.ts';

const kinds: Kind[] = [push, sqs, kafka];

const delivered: Verdict = { ack: true, outcome: 'delivered' };
const retry: Verdict = { ack: false, reason: 'not now' };

const payload = (id: string) => JSON.stringify({ notificationType: 'Message', id });

/** The engine that a test defines. */
interface Engine {
  /** Ids in the order of delivery, with redeliveries. */
  received: string[];
  /** The highest number of messages handled at the same time. */
  maxConcurrent: number;
  /** Returns the verdict; a pending promise keeps the message in flight. */
  decide(id: string, message: RawMessage): Verdict | Promise<Verdict>;
}

interface Setup {
  broker: Broker;
  engine: Engine;
  /** Starts another source of the broker. */
  start(options?: { concurrency?: number }): Promise<Source>;
}

interface StartedSetup extends Setup {
  stop(): Promise<void>;
}

/** Starts a broker; `stop` ends it and all sources. */
async function setUp(kind: Kind): Promise<StartedSetup> {
  const broker = await kind.start();
  const events = createAppEvents(pino({ level: 'silent' }));
  const engine: Engine = { received: [], maxConcurrent: 0, decide: () => delivered };
  const sources: Source[] = [];
  let working = 0;
  const handle = async (message: RawMessage): Promise<Verdict> => {
    const id = idOf(message);
    engine.received.push(id);
    working += 1;
    engine.maxConcurrent = Math.max(engine.maxConcurrent, working);
    const verdict = await engine.decide(id, message);
    working -= 1;
    return verdict;
  };
  return {
    broker,
    engine,
    async start({ concurrency = 20 } = {}) {
      const source = await broker.source({ concurrency, events });
      sources.push(source);
      source.start(handle);
      return source;
    },
    async stop() {
      await broker.mend();
      engine.decide = () => delivered;
      await Promise.all(sources.map((source) => source.stop()));
      await broker.stop();
    },
  };
}

function idOf({ body }: RawMessage): string {
  return typeof body === 'object' && body !== null && 'id' in body ? String(body.id) : String(body);
}

/** Polls until the condition holds; fails after 30 seconds. */
async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let left = 3_000; left > 0; left -= 1) {
    if (await holds()) return;
    await sleep(10);
  }
  assert.fail(`timeout: ${what}`);
}

const allAcknowledged = ({ broker }: Setup) => until('all acknowledged', async () => (await broker.pending()) === 0);

// The brokers wait for polls and rebalances most of the time, so they are tested side by side.
describe('sources', { concurrency: kinds.length }, () => {
  for (const kind of kinds) {
    if (kind.missing) process.stderr.write(`\n!!! ${kind.missing}\n\n`);
    describe(kind.name, { concurrency: 1, skip: kind.missing ?? false }, () => {
      contractOf(kind);
    });
  }
});

function contractOf(kind: Kind): void {
  let running: StartedSetup | undefined;
  after(() => running?.stop());

  /** With a running source that these tests share: joining a consumer group takes seconds. */
  const withRunningSource = (name: string, act: (setup: Setup) => Promise<void>) =>
    test(name, async () => {
      if (!running) {
        running = await setUp(kind);
        await running.start();
      }
      running.engine.received = [];
      running.engine.decide = () => delivered;
      await act(running);
    });

  /** With a broker of its own, without a source. */
  const withOwnBroker = (name: string, act: (setup: Setup) => Promise<void>) =>
    test(name, async () => {
      const setup = await setUp(kind);
      try {
        await act(setup);
      } finally {
        await setup.stop();
      }
    });

  if (kind !== push) {
    withRunningSource('hands on the trace context of a message', async ({ broker, engine }) => {
      const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
      const traces: unknown[] = [];
      engine.decide = (_id, { trace }) => {
        traces.push(trace);
        return delivered;
      };
      await broker.sendTraced?.(payload('traced'), traceparent);
      await until('received', () => engine.received.length === 1);
      assert.deepEqual(traces, [{ traceparent }]);
    });
  }

  withRunningSource('receives each message once and acknowledges it', async (setup) => {
    const ids = Array.from({ length: 25 }, (_, index) => `message-${index}`);
    await setup.broker.send(...ids.map(payload));
    await allAcknowledged(setup);
    assert.deepEqual(setup.engine.received.toSorted(), ids.toSorted());
  });

  withRunningSource('redelivers only messages that were not acknowledged', async (setup) => {
    let deliveries = 0;
    setup.engine.decide = (id) => {
      if (id !== 'unlucky') return delivered;
      deliveries += 1;
      return deliveries < 3 ? retry : delivered;
    };
    await setup.broker.send(...['one', 'unlucky', 'two'].map(payload));
    await allAcknowledged(setup);
    assert.equal(deliveries, 3);
    assert.equal(setup.engine.received.filter((id) => id === 'one').length, 1);
    assert.equal(setup.engine.received.filter((id) => id === 'two').length, 1);
  });

  withRunningSource('acknowledges a message only after its verdict, however long that takes', async (setup) => {
    const verdict = Promise.withResolvers<Verdict>();
    setup.engine.decide = () => verdict.promise;
    await setup.broker.send(payload('slow'));
    await until('it arrives', () => setup.engine.received.length > 0);
    // Longer than the queue would hide it without renewal.
    await sleep(3_000);
    assert.equal(await setup.broker.pending(), 1);
    assert.deepEqual(setup.engine.received, ['slow']);
    verdict.resolve(delivered);
    await allAcknowledged(setup);
    assert.deepEqual(setup.engine.received, ['slow']);
  });

  withRunningSource('passes on an unreadable message of a batch, and the other messages', async (setup) => {
    setup.engine.decide = (id) =>
      id === 'no JSON' ? { ack: true, outcome: 'dead-lettered', reasons: ['unreadable'] } : delivered;
    const bad = kind === push ? payload('no JSON') : 'no JSON';
    await setup.broker.send(payload('before'), bad, payload('after'));
    await allAcknowledged(setup);
    assert.deepEqual(setup.engine.received.toSorted(), ['after', 'before', 'no JSON']);
  });

  withRunningSource(
    'a poison message does not block others, and is not redelivered once dead-lettered',
    async (setup) => {
      let deliveries = 0;
      setup.engine.decide = (id) => {
        if (id !== 'poison') return delivered;
        deliveries += 1;
        return deliveries < 4 ? retry : { ack: true, outcome: 'dead-lettered', reasons: ['failed'] };
      };
      await setup.broker.send(payload('poison'));
      const others = Array.from({ length: 12 }, (_, index) => `other-${index}`);
      await setup.broker.send(...others.map(payload));
      await until('the others arrive', () => others.every((id) => setup.engine.received.includes(id)));
      await allAcknowledged(setup);
      assert.equal(deliveries, 4);
    },
  );

  withRunningSource('reconnects after a lost connection', async (setup) => {
    await setup.broker.send(payload('before'));
    await allAcknowledged(setup);
    await setup.broker.cut();
    await setup.broker.send(payload('meanwhile'));
    await sleep(500);
    await setup.broker.mend();
    await setup.broker.send(payload('after'));
    await allAcknowledged(setup);
    assert.deepEqual([...new Set(setup.engine.received)].toSorted(), ['after', 'before', 'meanwhile']);
  });

  withOwnBroker('receives messages that were sent before it started', async (setup) => {
    await setup.broker.send(payload('early'));
    await setup.start();
    await allAcknowledged(setup);
    assert.deepEqual(setup.engine.received, ['early']);
  });

  withOwnBroker('handles no more messages at once than its concurrency', async (setup) => {
    setup.engine.decide = async () => {
      await sleep(20);
      return delivered;
    };
    await setup.start({ concurrency: 3 });
    const ids = Array.from({ length: 20 }, (_, index) => `message-${index}`);
    await setup.broker.send(...ids.map(payload));
    await allAcknowledged(setup);
    assert.ok(setup.engine.maxConcurrent <= 3, `${setup.engine.maxConcurrent} at once`);
    assert.deepEqual(setup.engine.received.toSorted(), ids.toSorted());
  });

  withOwnBroker('a stop finishes messages in flight and leaves the rest to another replica', async (setup) => {
    const verdict = Promise.withResolvers<Verdict>();
    setup.engine.decide = (id) => (id === 'in flight' ? verdict.promise : retry);
    const first = await setup.start();
    await setup.broker.send(...['in flight', 'waiting'].map(payload));
    await until('both arrive', () => ['in flight', 'waiting'].every((id) => setup.engine.received.includes(id)));
    const stopped = first.stop();
    verdict.resolve(delivered);
    await stopped;
    await until('one is acknowledged', async () => (await setup.broker.pending()) === 1);
    const before = setup.engine.received.length;
    setup.engine.decide = () => delivered;
    await setup.start();
    await allAcknowledged(setup);
    assert.deepEqual([...new Set(setup.engine.received.slice(before))], ['waiting']);
  });
}
