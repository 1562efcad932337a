/** Tests that a push releases its slot if the sender disconnects during authentication. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import fastify from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import type { HttpPush, PushAdmission } from '../../sources/http-push.ts';
import { realtimeRoute } from './realtime.ts';

test('a sender that disconnects during authentication releases its slot', async (context) => {
  const admitCalled = Promise.withResolvers<void>();
  const admission = Promise.withResolvers<PushAdmission>();
  const released = Promise.withResolvers<void>();
  const push: HttpPush = {
    name: 'push',
    start: () => undefined,
    stop: async () => undefined,
    lastError: () => undefined,
    admit() {
      admitCalled.resolve();
      return admission.promise;
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
  realtimeRoute(server, { push }, async () => undefined);
  const { port, hostname } = new URL(await server.listen({ port: 0, host: '127.0.0.1' }));
  const sender = connect(Number(port), hostname);
  await once(sender, 'connect');
  sender.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n');
  await admitCalled.promise;
  sender.destroy();
  await closed.promise;
  admission.resolve({ outcome: 'accepted', slot: { release: released.resolve } });
  await released.promise;
});
