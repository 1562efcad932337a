/** Push endpoint that records received payloads, for delivery tests. */
import { createServer, type IncomingMessage } from 'node:http';
import { z } from 'zod';

const envelopeSchema = z.object({
  message: z.object({ data: z.string(), messageId: z.string(), attributes: z.record(z.string(), z.string()) }),
  subscription: z.string(),
  deliveryAttempt: z.number().optional(),
});
const payloadSchema = z.looseObject({
  notificationType: z.string().optional(),
  type: z.string().optional(),
  resource: z.looseObject({ typeId: z.string(), id: z.string() }).optional(),
});

type ReceivedPayload = z.infer<typeof payloadSchema>;

export interface PushReceiver {
  readonly url: string;
  /** Decoded payloads in order of arrival, including those answered with an error. */
  readonly payloads: readonly ReceivedPayload[];
  readonly messageIds: readonly string[];
  /** Statuses of the next responses, in order; 204 once the list is empty. */
  responseStatuses: number[];
  /**
   * Returns labels such as `OrderCreated` or `ResourceUpdated customer`, without the test notifications of
   * subscriptions.
   */
  labels(): string[];
  stop(): Promise<void>;
}

export async function startPushReceiver(): Promise<PushReceiver> {
  const payloads: ReceivedPayload[] = [];
  const messageIds: string[] = [];
  const server = createServer(async (request, response) => {
    const { message } = envelopeSchema.parse(JSON.parse(await bodyOf(request)));
    payloads.push(payloadSchema.parse(JSON.parse(Buffer.from(message.data, 'base64').toString())));
    messageIds.push(message.messageId);
    response.writeHead(receiver.responseStatuses.shift() ?? 204).end();
  });
  const receiver: PushReceiver & { url: string } = {
    url: '',
    payloads,
    messageIds,
    responseStatuses: [],
    labels: () => payloads.filter(({ resource }) => resource?.typeId !== 'subscription').map(labelOf),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  receiver.url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/`;
  return receiver;
}

function labelOf({ notificationType, type, resource }: ReceivedPayload): string {
  return notificationType === 'Message' ? (type ?? 'payloadNotIncluded') : `${notificationType} ${resource?.typeId}`;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(Buffer.from(part));
  return Buffer.concat(parts).toString();
}
