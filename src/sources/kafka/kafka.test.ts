/** Tests that Kafka settings that the client rejects are reported as the last error and do not end the process. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { createKafka } from './kafka.ts';

test('settings that the client rejects are reported, and the source can be stopped', async () => {
  const events = { emit: () => undefined, counts: () => ({}), listen: () => () => undefined };
  const source = createKafka({ brokers: [], topics: ['orders'], group: '', tls: false, concurrency: 1 }, events);
  source.start(async () => ({ ack: true, outcome: 'delivered' }));
  while (source.lastError() === undefined) await turn();
  assert.equal(source.lastError(), "the cluster can't be read (PLT_KFK_USER)");
  await source.stop();
});
