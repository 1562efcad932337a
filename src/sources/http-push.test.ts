/** Tests that a push whose sender check fails by an internal error holds up neither the stop nor other pushes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createHttpPush } from './http-push.ts';
import type { Opened, PushWay } from './push/authenticator.ts';

const events = { emit: () => undefined, counts: () => ({}), listen: () => () => undefined };

test('a stop resolves though a push in flight fails', async () => {
  const opened = Promise.withResolvers<Opened>();
  const way: PushWay = {
    name: 'a way',
    variables: 'PUSH_SECRET',
    admit: async () => ({ admitted: 'after-body' }),
    open: () => opened.promise,
  };
  const limits = { maxPushes: 10, deadlineMs: 1_000 };
  const push = createHttpPush({ ways: [way], allowUnauthenticated: false, events, ...limits });
  push.start(async () => ({ ack: true, outcome: 'delivered' }));
  const gate = await push.admit({ headers: {}, query: {}, onThisMachine: false });
  assert.ok(gate.open);
  const taken = assert.rejects(push.take({}, gate), TypeError);
  const stopped = push.stop();
  opened.reject(new TypeError('bug'));
  await Promise.all([taken, stopped]);
});
