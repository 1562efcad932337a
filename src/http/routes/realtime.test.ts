/** Tests that a body counts as arriving only once it has begun, and no longer when its sender disconnects. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import fastify from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import type { HttpPush, PushAdmission } from '../../sources/http-push.ts';
import { createBodyPool, guardBodies } from '../body-guard.ts';
import { realtimeRoute } from './realtime.ts';

const headers = 'POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n';

async function startRoute(context: TestContext) {
  const admitCalled = Promise.withResolvers<void>();
  const admission = Promise.withResolvers<PushAdmission>();
  const ended = Promise.withResolvers<void>();
  let begun = 0;
  const push: HttpPush = {
    name: 'push',
    start: () => undefined,
    stop: async () => undefined,
    lastError: () => undefined,
    admit() {
      admitCalled.resolve();
      return admission.promise;
    },
    beginBody() {
      begun += 1;
      return ended.resolve;
    },
    receive: async () => ({ status: 204 }),
  };
  const server = fastify();
  context.after(() => server.close());
  server.setValidatorCompiler(validatorCompiler);
  server.setSerializerCompiler(serializerCompiler);
  const closed = Promise.withResolvers<void>();
  server.addHook('onRequest', async (_request, reply) => {
    reply.raw.once('close', () => closed.resolve());
  });
  realtimeRoute(server, { push, bodies: guardBodies(server, createBodyPool()) }, async () => undefined);
  const { port, hostname } = new URL(await server.listen({ port: 0, host: '127.0.0.1' }));
  const sender = connect(Number(port), hostname);
  await once(sender, 'connect');
  const admit = () => admission.resolve({ outcome: 'accepted', push: { isProven: true } });
  return { sender, admitCalled, admit, closed, ended, begun: () => begun };
}

test('a body that has begun counts until its sender disconnects', async (context) => {
  const { sender, admitCalled, admit, ended } = await startRoute(context);
  sender.write(`${headers}{`);
  await admitCalled.promise;
  admit();
  setImmediate(() => sender.destroy());
  await ended.promise;
});

test('headers alone do not count, nor does a sender that disconnected during authentication', async (context) => {
  const { sender, admitCalled, admit, closed, begun } = await startRoute(context);
  sender.write(headers);
  await admitCalled.promise;
  sender.destroy();
  await closed.promise;
  admit();
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(begun(), 0);
});
