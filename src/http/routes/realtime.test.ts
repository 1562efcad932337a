/** Tests that the slot of a push is given back when its sender goes away before it is let in. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import fastify from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import type { Gate, HttpPush } from '../../sources/http-push.ts';
import { realtimeRoute } from './realtime.ts';

test('a sender that goes away while it is checked leaves its slot to the next one', async (context) => {
  const asked = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<Gate>();
  const left = Promise.withResolvers<void>();
  const push: HttpPush = {
    name: 'push',
    start: () => undefined,
    stop: async () => undefined,
    trouble: () => undefined,
    admit() {
      asked.resolve();
      return gate.promise;
    },
    take: async () => ({ status: 204 }),
  };
  const server = fastify();
  context.after(() => server.close());
  server.setValidatorCompiler(validatorCompiler);
  server.setSerializerCompiler(serializerCompiler);
  const gone = Promise.withResolvers<void>();
  server.addHook('onRequest', async (_request, reply) => {
    reply.raw.once('close', () => gone.resolve());
  });
  realtimeRoute(server, { push }, async () => undefined);
  const { port, hostname } = new URL(await server.listen({ port: 0, host: '127.0.0.1' }));
  const sender = connect(Number(port), hostname);
  await once(sender, 'connect');
  sender.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n');
  await asked.promise;
  sender.destroy();
  await gone.promise;
  gate.resolve({ open: true, leave: left.resolve });
  await left.promise;
});
