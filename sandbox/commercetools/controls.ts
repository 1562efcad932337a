/** Control endpoints under /sandbox, for users and tests. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { z } from 'zod';
import { type ApiRecord, isRecord } from './json.ts';
import { topicName } from './pubsub.ts';
import type { CommercetoolsSandbox } from './sandbox-types.ts';

const bindingSchema = z.strictObject({
  pushEndpoint: z.url(),
  headers: z.record(z.string(), z.string()).optional(),
  deliveryAttempt: z.boolean().optional(),
});
const topicParams = z.object({ projectId: z.string(), topic: z.string() });
const disorderSchema = z.strictObject({
  duplicateEvery: z.int().nonnegative().default(0),
  reorderWindow: z.int().nonnegative().default(0),
});
const deliverSchema = z.strictObject({
  /** Without a topic, the payload is sent to every bound topic. */
  projectId: z.string().optional(),
  topic: z.string().optional(),
  /** Any JSON. A string is sent unchanged, so that malformed payloads are possible. */
  payload: z.unknown(),
  attributes: z.record(z.string(), z.string()).optional(),
});
const recordSchema = z.custom<ApiRecord>(isRecord, 'id, version, createdAt and lastModifiedAt are expected');
const recordsSchema = z.strictObject({ typeId: z.string(), records: z.array(recordSchema) });
const recurringSchema = z.strictObject({ order: recordSchema });

export function addControls(app: FastifyInstance, sandbox: CommercetoolsSandbox): void {
  topicControls(app, sandbox);
  deliveryControls(app, sandbox);
  recordControls(app, sandbox);
  app.post('/sandbox/tokens/revoke', async (_request, reply) => {
    sandbox.revokeTokens();
    return reply.code(204).send();
  });
}

function topicControls(app: FastifyInstance, sandbox: CommercetoolsSandbox): void {
  app.get('/sandbox/pubsub/topics', async () => sandbox.pubsub.bindings());
  app.put('/sandbox/pubsub/topics/:projectId/:topic', async (request, reply) => {
    const { projectId, topic } = topicParams.parse(request.params);
    return handleBody(reply, bindingSchema, request.body, (binding) =>
      sandbox.pubsub.bind(topicName(projectId, topic), binding),
    );
  });
  app.delete('/sandbox/pubsub/topics/:projectId/:topic', async (request, reply) => {
    const { projectId, topic } = topicParams.parse(request.params);
    sandbox.pubsub.unbind(topicName(projectId, topic));
    return reply.code(204).send();
  });
}

function deliveryControls(app: FastifyInstance, sandbox: CommercetoolsSandbox): void {
  app.get('/sandbox/deliveries', async () => sandbox.pubsub.report());
  app.delete('/sandbox/deliveries', async (_request, reply) => {
    sandbox.pubsub.clear();
    return reply.code(204).send();
  });
  app.put('/sandbox/deliveries/disorder', async (request, reply) =>
    handleBody(reply, disorderSchema, request.body, (disorder) => sandbox.pubsub.setDisorder(disorder)),
  );
  app.get('/sandbox/idle', async () => ({ idle: sandbox.pending() === 0, pending: sandbox.pending() }));
  app.post('/sandbox/deliver', async (request, reply) =>
    handleBody(reply, deliverSchema, request.body, ({ projectId, topic, payload, attributes }) => {
      const named = projectId !== undefined && topic !== undefined ? [topicName(projectId, topic)] : undefined;
      const topics = named ?? Object.keys(sandbox.pubsub.bindings());
      return { messageIds: topics.map((name) => sandbox.pubsub.publish(name, payload, 'hand-made', attributes)) };
    }),
  );
}

function recordControls(app: FastifyInstance, sandbox: CommercetoolsSandbox): void {
  app.get('/sandbox/state', async () => ({
    records: sandbox.records.counts(),
    deliveries: { ...sandbox.pubsub.report(), last: undefined },
  }));
  app.post('/sandbox/records', async (request, reply) =>
    handleBody(reply, recordsSchema, request.body, async ({ typeId, records }) => {
      await sandbox.place(typeId, records);
      return { placed: records.length };
    }),
  );
  app.post('/sandbox/orders/from-recurring-order', async (request, reply) =>
    handleBody(reply, recurringSchema, request.body, async ({ order }) => {
      await sandbox.createFromRecurringOrder(order);
      return { id: order.id };
    }),
  );
  app.post('/sandbox/reset', async (_request, reply) => {
    await sandbox.reset();
    return reply.code(204).send();
  });
}

/**
 * Parses the body and calls `handle`. Responds with 400 and the reason if the body is invalid, otherwise with the
 * result (204 if undefined).
 */
async function handleBody<T>(
  reply: FastifyReply,
  schema: z.ZodType<T>,
  body: unknown,
  handle: (value: T) => unknown,
): Promise<FastifyReply> {
  const parsed = schema.safeParse(body);
  if (!parsed.success) return reply.code(400).send({ message: z.prettifyError(parsed.error) });
  const result = await handle(parsed.data);
  return result === undefined ? reply.code(204).send() : reply.code(200).send(result);
}
