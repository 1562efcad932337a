/** Tests that an internal error while a sender is verified holds up neither the stop nor other pushes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createHttpPush } from './http-push.ts';
import type { BodyResult, PushAuthenticator } from './push/authenticator.ts';

const events = { emit: () => undefined, counts: () => ({}), listen: () => () => undefined };

test('a stop resolves although a push in flight fails', async () => {
  const verified = Promise.withResolvers<BodyResult>();
  const authenticator: PushAuthenticator = {
    name: 'test',
    variables: 'PUSH_SECRET',
    authenticate: async () => ({ outcome: 'after-body' }),
    verifyBody: () => verified.promise,
  };
  const options = { allowUnauthenticated: false, trustsThisMachine: false };
  const limits = { maxPushes: 10, deadlineMs: 1_000 };
  const push = createHttpPush({ authenticators: [authenticator], ...options, events, ...limits });
  push.start(async () => ({ ack: true, outcome: 'delivered' }));
  const admission = await push.admit({ headers: {}, query: {}, onThisMachine: false });
  assert.ok(admission.outcome === 'accepted');
  const received = assert.rejects(push.receive({}, admission.push), TypeError);
  const stopped = push.stop();
  verified.reject(new TypeError('bug'));
  await Promise.all([received, stopped]);
});
