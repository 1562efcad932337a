/** What every source keeps, whatever broker it reads from; the test plays the engine behind it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import pino from 'pino';
import type { Verdict } from '../../src/engine/delivery/verdict.ts';
import type { RawMessage, Source } from '../../src/sources/source.ts';
import { createAppEvents } from '../../src/telemetry/app-events.ts';
import type { Broker, Kind } from './broker.ts';
import { kafka } from './kafka-broker.ts';
import { push } from './push-broker.ts';
import { sqs } from './sqs-broker.ts';

const kinds: Kind[] = [push, sqs, kafka];

const delivered: Verdict = { ack: true, outcome: 'delivered' };
const retry: Verdict = { ack: false, reason: 'not now' };

const payload = (id: string) => JSON.stringify({ notificationType: 'Message', id });

/** The engine as the test wants it. */
interface Engine {
  /** What arrived, in order, also what came again. */
  arrived: string[];
  /** How many were worked on at once, at most. */
  most: number;
  /** Decides; a promise of a verdict is work under way. */
  decide(id: string, message: RawMessage): Verdict | Promise<Verdict>;
}

interface Stage {
  broker: Broker;
  engine: Engine;
  start(options?: { concurrency?: number }): Promise<Source>;
}

/** A broker, and sources before it that end with the test. */
async function stage(kind: Kind, act: (stage: Stage) => Promise<void>): Promise<void> {
  const broker = await kind.start();
  const events = createAppEvents(pino({ level: 'silent' }));
  const engine: Engine = { arrived: [], most: 0, decide: () => delivered };
  const sources: Source[] = [];
  let working = 0;
  const handle = async (message: RawMessage): Promise<Verdict> => {
    const id = idOf(message);
    engine.arrived.push(id);
    working += 1;
    engine.most = Math.max(engine.most, working);
    const verdict = await engine.decide(id, message);
    working -= 1;
    return verdict;
  };
  try {
    await act({
      broker,
      engine,
      async start({ concurrency = 20 } = {}) {
        const source = await broker.source({ concurrency, events });
        sources.push(source);
        source.start(handle);
        return source;
      },
    });
  } finally {
    await broker.mend();
    engine.decide = () => delivered;
    await Promise.all(sources.map((source) => source.stop()));
    await broker.stop();
  }
}

function idOf({ body }: RawMessage): string {
  return typeof body === 'object' && body !== null && 'id' in body ? String(body.id) : String(body);
}

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let left = 1_500; left > 0; left -= 1) {
    if (await holds()) return;
    await sleep(20);
  }
  assert.fail(`never: ${what}`);
}

const allAcknowledged = ({ broker }: Stage) => until('all is acknowledged', async () => (await broker.pending()) === 0);

for (const kind of [sqs, kafka]) {
  const { name, missing = false } = kind;
  test(`${name}: a trace that comes beside a message is handed on with it`, { skip: missing }, () =>
    stage(kind, async ({ broker, engine, start }) => {
      const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
      const traces: unknown[] = [];
      engine.decide = (_id, { trace }) => {
        traces.push(trace);
        return delivered;
      };
      await broker.sendTraced?.(payload('traced'), traceparent);
      await start();
      await until('it arrives', () => engine.arrived.length === 1);
      assert.deepEqual(traces, [{ traceparent }]);
    }),
  );
}

for (const kind of kinds) {
  const skip = kind.missing ?? false;
  if (kind.missing) process.stderr.write(`\n!!! ${kind.missing}\n\n`);
  const contractTest = (name: string, act: (stage: Stage) => Promise<void>) =>
    test(`${kind.name}: ${name}`, { skip }, () => stage(kind, act));

  contractTest('what is sent arrives once and is acknowledged', async (on) => {
    await on.start();
    const ids = Array.from({ length: 25 }, (_, index) => `message-${index}`);
    await on.broker.send(...ids.map(payload));
    await allAcknowledged(on);
    assert.deepEqual(on.engine.arrived.toSorted(), ids.toSorted());
  });

  contractTest('what was sent before the source began arrives', async (on) => {
    await on.broker.send(payload('early'));
    await on.start();
    await allAcknowledged(on);
    assert.deepEqual(on.engine.arrived, ['early']);
  });

  contractTest('what shall come again comes again, and only that', async (on) => {
    let deliveries = 0;
    on.engine.decide = (id) => {
      if (id !== 'unlucky') return delivered;
      deliveries += 1;
      return deliveries < 3 ? retry : delivered;
    };
    await on.start();
    await on.broker.send(...['one', 'unlucky', 'two'].map(payload));
    await allAcknowledged(on);
    assert.equal(deliveries, 3);
    assert.equal(on.engine.arrived.filter((id) => id === 'one').length, 1);
    assert.equal(on.engine.arrived.filter((id) => id === 'two').length, 1);
  });

  contractTest('nothing is acknowledged before its verdict, however long that takes', async (on) => {
    const verdict = Promise.withResolvers<Verdict>();
    on.engine.decide = () => verdict.promise;
    await on.start();
    await on.broker.send(payload('slow'));
    await until('it arrives', () => on.engine.arrived.length > 0);
    // Longer than the queue would hide it without renewal.
    await sleep(3_000);
    assert.equal(await on.broker.pending(), 1);
    assert.deepEqual(on.engine.arrived, ['slow']);
    verdict.resolve(delivered);
    await allAcknowledged(on);
    assert.deepEqual(on.engine.arrived, ['slow']);
  });

  contractTest('one bad message in a batch comes as it is, so that it can be kept, and the others with it', async (on) => {
    on.engine.decide = (id) =>
      id === 'no JSON' ? { ack: true, outcome: 'dead-lettered', reasons: ['unreadable'] } : delivered;
    await on.start();
    const bad = kind === push ? payload('no JSON') : 'no JSON';
    await on.broker.send(payload('before'), bad, payload('after'));
    await allAcknowledged(on);
    assert.deepEqual(on.engine.arrived.toSorted(), ['after', 'before', 'no JSON']);
  });

  contractTest('a poison message does not hold up the others, and ends when it is kept', async (on) => {
    let deliveries = 0;
    on.engine.decide = (id) => {
      if (id !== 'poison') return delivered;
      deliveries += 1;
      return deliveries < 4 ? retry : { ack: true, outcome: 'dead-lettered', reasons: ['failed'] };
    };
    await on.start();
    await on.broker.send(payload('poison'));
    const others = Array.from({ length: 12 }, (_, index) => `other-${index}`);
    await on.broker.send(...others.map(payload));
    await until('the others arrive', () => others.every((id) => on.engine.arrived.includes(id)));
    await allAcknowledged(on);
    assert.equal(deliveries, 4);
  });

  contractTest('no more than asked for is worked on at once, and all of it arrives', async (on) => {
    on.engine.decide = async () => {
      await sleep(20);
      return delivered;
    };
    await on.start({ concurrency: 3 });
    const ids = Array.from({ length: 20 }, (_, index) => `message-${index}`);
    await on.broker.send(...ids.map(payload));
    await allAcknowledged(on);
    assert.ok(on.engine.most <= 3, `${on.engine.most} at once`);
    assert.deepEqual(on.engine.arrived.toSorted(), ids.toSorted());
  });

  contractTest('a stop in the middle finishes what is in flight and leaves the rest to the next', async (on) => {
    const verdict = Promise.withResolvers<Verdict>();
    on.engine.decide = (id) => (id === 'in flight' ? verdict.promise : retry);
    const first = await on.start();
    await on.broker.send(...['in flight', 'waiting'].map(payload));
    await until('both arrive', () => ['in flight', 'waiting'].every((id) => on.engine.arrived.includes(id)));
    const stopped = first.stop();
    verdict.resolve(delivered);
    await stopped;
    await until('one is acknowledged', async () => (await on.broker.pending()) === 1);
    const before = on.engine.arrived.length;
    on.engine.decide = () => delivered;
    await on.start();
    await allAcknowledged(on);
    assert.deepEqual([...new Set(on.engine.arrived.slice(before))], ['waiting']);
  });

  contractTest('when the connection is lost it comes back by itself', async (on) => {
    await on.start();
    await on.broker.send(payload('before'));
    await allAcknowledged(on);
    await on.broker.cut();
    await on.broker.send(payload('meanwhile'));
    await sleep(500);
    await on.broker.mend();
    await on.broker.send(payload('after'));
    await allAcknowledged(on);
    assert.deepEqual([...new Set(on.engine.arrived)].toSorted(), ['after', 'before', 'meanwhile']);
  });
}
