/** Tests the dashboard's event stream: slow readers, many events at once, and failing snapshots. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import pino from 'pino';
import { createAppEvents } from '../telemetry/app-events.ts';
import { createEventStream } from './event-stream.ts';

const events = createAppEvents(pino({ level: 'silent' }));
const now = () => new Date('2026-03-15T08:00:00Z');

test('a reader that falls behind is disconnected, others are not', async () => {
  const stream = createEventStream({ events, snapshots: { now: async () => 'x'.repeat(1_500_000) }, now });
  const [slow, quick] = [stream.open(), stream.open()];
  assert.ok(slow && quick);
  let read = 0;
  quick.on('data', (part: Buffer) => {
    read += part.length;
  });
  await once(slow, 'close');
  assert.ok(slow.destroyed && !quick.destroyed);
  const before = read;
  await once(quick, 'data');
  assert.ok(read > before);
  stream.close();
  await once(quick, 'close');
  assert.equal(stream.open(), undefined);
});

test('the feed counts lines beyond its limit, and holds only ids and rules', async () => {
  const stream = createEventStream({ events, snapshots: {}, now });
  const reader = stream.open();
  assert.ok(reader);
  const record = { typeId: 'customer', id: 'c1' };
  for (let count = 0; count < 500; count += 1)
    events.emit({ type: 'rejected', record, rule: 'profile', code: 'invalid', detail: 'of mia@example.com' });
  let seen = '';
  for await (const part of reader) {
    seen += String(part);
    if (seen.includes('event: feed')) break;
  }
  stream.close();
  assert.match(seen, /"passedOver":450/);
  assert.match(seen, /"rules":\["profile"\]/);
  assert.doesNotMatch(seen, /mia@example/);
});

test('a failing snapshot is reported, and the stream stays open', async () => {
  const snapshots = {
    now: () => Promise.reject(new Error('the store is unavailable')),
    runs: async () => ({ running: [] }),
  };
  const stream = createEventStream({ events, snapshots, now });
  let seen = '';
  for await (const part of stream.open() ?? []) {
    seen += String(part);
    if (/event: snapshot-failed/.test(seen) && /event: runs/.test(seen)) break;
  }
  stream.close();
  assert.match(seen, /event: snapshot-failed\ndata: \{"view":"now"\}/);
});
