/** Tests that every delivery gets a verdict, whatever the parts behind it do. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { delivery, reference } from '../../../test/fixtures/index.ts';
import { createMemoryStore } from '../../store/memory.ts';
import type { Store } from '../../store/store.ts';
import type { AppEvent } from '../../telemetry/app-events.ts';
import { createDeadLetters } from '../delivery/dead-letters.ts';
import { outcomeOf } from '../delivery/verdict.ts';
import { createHandleDelivery } from './handle-delivery.ts';
import type { Realtime } from './process-message.ts';

const message = (body: unknown) => ({ body, source: 'sqs', fingerprint: () => ({ size: 2, hash: 'abc' }) });
const retry = { ack: false, reason: 'internal error' };

function start(parts: { store?: Store; process?: Realtime['process'] } = {}) {
  const happened: AppEvent[] = [];
  const now = () => new Date(0);
  const deadLetters = createDeadLetters(parts.store ?? createMemoryStore(), {
    ...{ max: 10, now },
    onForbidden: () => undefined,
  });
  const realtime = { process: parts.process ?? (async () => ({ ack: true as const, outcome: 'delivered' as const })) };
  const events = { emit: (one: AppEvent) => happened.push(one), counts: () => ({}), listen: () => () => undefined };
  return { receive: createHandleDelivery({ realtime, deadLetters, events }), happened };
}

test('an unreadable delivery is kept as a dead letter', async () => {
  const { receive } = start();
  const verdict = await receive(message({ odd: true }));
  assert.equal(outcomeOf(verdict), 'dead-lettered');
});

test('an internal error while an unreadable delivery is kept does not acknowledge it', async () => {
  const store = createMemoryStore();
  store.put = () => Promise.reject(new TypeError('bug'));
  const { receive, happened } = start({ store });
  assert.deepEqual(await receive(message({ odd: true })), retry);
  assert.deepEqual(happened.at(-1), {
    type: 'warning',
    detail: 'internal error while handling a delivery from sqs: TypeError',
  });
});

test('an error behind a readable delivery does not acknowledge it', async () => {
  const { receive } = start({ process: () => Promise.reject(new TypeError('bug')) });
  assert.deepEqual(await receive(message(delivery('OrderCreated', reference('order', 'o1')))), retry);
});

test('a body that throws when it is looked at does not acknowledge it', async () => {
  const { receive } = start();
  const hostile = new Proxy({}, { has: () => assert.fail('bug') });
  assert.deepEqual(await receive(message(hostile)), retry);
});
