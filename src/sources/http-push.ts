/**
 * Takes the envelope off a pushed delivery: Google Pub/Sub push (its data base64 or plain), or the payload itself.
 * https://cloud.google.com/pubsub/docs/push
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { RawMessage } from './source.ts';

export type Unwrapped = { ok: true; message: RawMessage } | { ok: false; reason: string };

const object = z.record(z.string(), z.unknown());
const pubSub = z.object({
  message: z.looseObject({
    data: z.unknown(),
    messageId: z.string().optional(),
    message_id: z.string().optional(),
  }),
  /** Only where the subscription has a dead letter topic. */
  deliveryAttempt: z.number().int().positive().optional(),
});

/**
 * @param body the request's body, already JSON
 * @returns the delivery, or why the envelope is broken
 */
export function unwrapPush(body: unknown): Unwrapped {
  const parsed = object.safeParse(body);
  if (!parsed.success) return { ok: false, reason: 'the body is no JSON object' };
  if ('specversion' in parsed.data || 'notificationType' in parsed.data)
    return delivery(parsed.data, { source: 'http' });
  const envelope = pubSub.safeParse(parsed.data);
  if (!envelope.success)
    return { ok: false, reason: 'neither a Pub/Sub push, a CloudEvent nor a commercetools payload' };
  const { message, deliveryAttempt } = envelope.data;
  const data = message.data === undefined ? undefined : decode(message.data);
  if (data === undefined)
    return { ok: false, reason: 'message.data of the Pub/Sub push is missing or neither base64 of JSON nor JSON' };
  const brokerId = message.messageId ?? message.message_id;
  return delivery(data, {
    source: 'pub-sub-push',
    ...(brokerId === undefined ? {} : { brokerId }),
    ...(deliveryAttempt === undefined ? {} : { tries: deliveryAttempt }),
  });
}

/** Base64 of JSON, JSON text, or an object already: recognised by itself. */
function decode(data: unknown): unknown {
  if (typeof data !== 'string') return data ?? undefined;
  return parseJson(data) ?? parseJson(Buffer.from(data, 'base64').toString('utf8'));
}

function parseJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function delivery(body: unknown, about: Pick<RawMessage, 'source' | 'brokerId' | 'tries'>): Unwrapped {
  const text = textOf(body);
  if (text === undefined) return { ok: false, reason: 'nested too deeply' };
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 40);
  return { ok: true, message: { body, ...about, size: Buffer.byteLength(text), hash } };
}

/** commercetools nests some twenty levels deep; what JSON.stringify can't walk is somebody's attack. */
function textOf(body: unknown): string | undefined {
  try {
    return JSON.stringify(body);
  } catch {
    return undefined;
  }
}
