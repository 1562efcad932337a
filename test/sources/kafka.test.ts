/** What only a consumer group has: several members share the partitions, and take them over from each other. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import pino from 'pino';
import type { RawMessage } from '../../src/sources/source.ts';
import { createAppEvents } from '../../src/telemetry/app-events.ts';
import { kafka } from './kafka-broker.ts';

const text = (id: string) => JSON.stringify({ notificationType: 'Message', id });
const idOf = ({ body }: RawMessage) => JSON.stringify(body);

test('two replicas share the partitions, and nothing is lost while they do', {
  skip: kafka.missing ?? false,
}, async () => {
  const broker = await kafka.start();
  const events = createAppEvents(pino({ level: 'silent' }));
  const arrived = { left: new Set<string>(), right: new Set<string>() };
  const left = await broker.source({ concurrency: 5, events });
  const right = await broker.source({ concurrency: 5, events });
  let sent = 0;
  const sendSome = async () => {
    await broker.send(...Array.from({ length: 8 }, () => text(`message-${sent++}`)));
  };
  try {
    left.start(async (message) => {
      arrived.left.add(idOf(message));
      await sleep(5);
      return { ack: true, outcome: 'delivered' };
    });
    await sendSome();
    right.start(async (message) => {
      arrived.right.add(idOf(message));
      await sleep(5);
      return { ack: true, outcome: 'delivered' };
    });
    for (let rounds = 0; rounds < 600 && arrived.right.size === 0; rounds += 1) {
      await sendSome();
      await sleep(100);
    }
    for (let rounds = 0; rounds < 600 && (await broker.pending()) > 0; rounds += 1) await sleep(50);
    assert.equal(await broker.pending(), 0);
    assert.ok(arrived.left.size > 0 && arrived.right.size > 0, `${arrived.left.size} and ${arrived.right.size}`);
    assert.equal(new Set([...arrived.left, ...arrived.right]).size, sent);
  } finally {
    await Promise.all([left.stop(), right.stop()]);
    await broker.stop();
  }
});
