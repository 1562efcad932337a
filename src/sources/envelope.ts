/**
 * Removes the brokers' envelopes: Google Pub/Sub push, SNS, EventBridge, arrays of CloudEvents, or none. The payload, in
 * the Platform format or a CloudEvent, is parsed elsewhere.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { isRecord, parseJson } from '../lib/json.ts';
import type { RawMessage } from './source.ts';

export type Unwrapped = { ok: true; messages: RawMessage[] } | { ok: false; reason: string };

type Origin = Pick<RawMessage, 'source' | 'brokerId' | 'deliveries' | 'trace'>;

const object = z.record(z.string(), z.unknown());
/** https://cloud.google.com/pubsub/docs/push#receive_push */
const pubSub = z.object({
  message: z.looseObject({
    data: z.unknown(),
    messageId: z.string().optional(),
    message_id: z.string().optional(),
    attributes: z.record(z.string(), z.unknown()).optional(),
  }),
  /** Present if the subscription has a dead letter topic. */
  deliveryAttempt: z.number().int().positive().optional(),
});
/** https://docs.aws.amazon.com/sns/latest/dg/http-notification-json.html */
const sns = z.looseObject({ Type: z.literal('Notification'), Message: z.string(), MessageId: z.string().optional() });
/** https://docs.aws.amazon.com/eventbridge/latest/ref/events-structure.html */
const eventBridge = z.looseObject({ 'detail-type': z.string(), detail: object, id: z.string().optional() });

/** @param origin where the body came from; an envelope of Pub/Sub within another one overrides the broker's id */
export function unwrap(body: unknown, origin: Origin): Unwrapped {
  if (Array.isArray(body) && body.length > maxMessages)
    return { ok: false, reason: `more than ${maxMessages} messages at once` };
  if (Array.isArray(body) && body.length > 0) return { ok: true, messages: messagesOfBatch(body, origin) };
  const messages = messagesIn(body, origin);
  if (messages) return { ok: true, messages };
  return { ok: false, reason: reasonFor(body) };
}

/** Brokers send one message, or a few: more would be more work than one response can stand for. */
const maxMessages = 100;

/** What is no message does not block the others: all of it becomes one unreadable message. */
function messagesOfBatch(batch: readonly unknown[], origin: Origin): RawMessage[] {
  const unwrapped = batch.map((element) => ({ element, messages: messagesIn(element, origin) }));
  const invalid = unwrapped.filter(({ messages }) => messages === undefined).map(({ element }) => element);
  const messages = unwrapped.flatMap((element) => element.messages ?? []);
  return invalid.length === 0 ? messages : [...messages, rawMessage(invalid, origin)];
}

/** Unwraps a text from an authenticated broker, which is always at least one message. */
export function unwrapText(text: string, origin: Origin): RawMessage[] {
  const body = parseObject(text);
  if (body === undefined) return [rawMessage(text, origin)];
  const unwrapped = unwrap(body, origin);
  return unwrapped.ok ? unwrapped.messages : [rawMessage(body, origin)];
}

function messagesIn(body: unknown, origin: Origin): RawMessage[] | undefined {
  const parsed = object.safeParse(body);
  if (!parsed.success) return undefined;
  const { data } = parsed;
  if ('specversion' in data || 'notificationType' in data) return checked(data, { ...origin, ...traceIn(data) });
  // Chosen by a field first, because a schema that does not match costs more than one that does.
  if ('Type' in data) return fromSns(data, origin) ?? fromPubSub(data, origin);
  if ('detail-type' in data) return fromEventBridge(data, origin) ?? fromPubSub(data, origin);
  return fromPubSub(data, origin);
}

function fromSns(body: Record<string, unknown>, origin: Origin): RawMessage[] | undefined {
  const notification = sns.safeParse(body);
  if (!notification.success) return undefined;
  const { Message, MessageId } = notification.data;
  return checked(parseObject(Message) ?? Message, { ...withId(MessageId), ...origin });
}

function fromEventBridge(body: Record<string, unknown>, origin: Origin): RawMessage[] | undefined {
  const event = eventBridge.safeParse(body);
  if (!event.success) return undefined;
  return checked(event.data.detail, { ...withId(event.data.id), ...origin });
}

/**
 * Finds the trace context in the attributes or headers of a delivery, under W3C's names or those of Pub/Sub's clients.
 * https://cloud.google.com/pubsub/docs/open-telemetry-tracing and https://github.com/cloudevents/spec (distributed tracing)
 */
export function traceIn(attributes: Record<string, unknown> = {}): Pick<RawMessage, 'trace'> {
  const traceparent = attributes.traceparent ?? attributes.googclient_traceparent;
  if (typeof traceparent !== 'string') return {};
  const tracestate = attributes.tracestate ?? attributes.googclient_tracestate;
  return { trace: { traceparent, ...(typeof tracestate === 'string' ? { tracestate } : {}) } };
}

function fromPubSub(body: Record<string, unknown>, origin: Origin): RawMessage[] | undefined {
  const envelope = pubSub.safeParse(body);
  if (!envelope.success) return undefined;
  const { message, deliveryAttempt } = envelope.data;
  const brokerId = message.messageId ?? message.message_id;
  const data = decode(message.data);
  // With the broker's id it is a Pub/Sub envelope. If it were rejected, Pub/Sub would redeliver it for days.
  if (data === undefined && (brokerId === undefined || message.data === undefined)) return undefined;
  const deliveries = deliveryAttempt === undefined ? {} : { deliveries: deliveryAttempt };
  return checked(data ?? message.data, {
    ...origin,
    source: 'pub-sub-push',
    ...withId(brokerId),
    ...deliveries,
    ...traceIn(message.attributes),
  });
}

function reasonFor(body: unknown): string {
  const parsed = object.safeParse(body);
  if (!parsed.success) return 'the body is no JSON object';
  if (pubSub.safeParse(parsed.data).success)
    return 'message.data of the Pub/Sub push is missing or neither base64 of JSON nor JSON';
  return 'neither a Pub/Sub push, an SNS notification, an EventBridge event, a CloudEvent nor a commercetools payload';
}

const withId = (brokerId: string | undefined) => (brokerId === undefined ? {} : { brokerId });

function decode(data: unknown): unknown {
  if (typeof data !== 'string') return data ?? undefined;
  // Base64 never starts with { or [, so other texts are not parsed as JSON.
  return (
    (/^\s*[{[]/.test(data) ? parseObject(data) : undefined) ?? parseObject(Buffer.from(data, 'base64').toString('utf8'))
  );
}

function parseObject(text: string): object | undefined {
  const value = parseJson(text);
  return typeof value === 'object' && value !== null ? value : undefined;
}

/** @returns undefined if the body is nested too deeply. commercetools nests about 20 levels; more is an attack. */
function checked(body: unknown, origin: Origin): RawMessage[] | undefined {
  return isTooDeep(body, maxLevels) ? undefined : [rawMessage(body, origin)];
}

const maxLevels = 200;

function isTooDeep(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  if (Array.isArray(value)) return value.some((inner) => isTooDeep(inner, levels - 1));
  return isRecord(value) && isRecordTooDeep(value, levels);
}

/** Not by `Object.values`: a list for each object of each message is much garbage. */
function isRecordTooDeep(record: Readonly<Record<string, unknown>>, levels: number): boolean {
  for (const name in record) if (isTooDeep(record[name], levels - 1)) return true;
  return false;
}

function rawMessage(body: unknown, origin: Origin): RawMessage {
  return {
    body,
    ...origin,
    fingerprint() {
      const text = textOf(body);
      return { size: Buffer.byteLength(text), hash: createHash('sha256').update(text).digest('hex').slice(0, 40) };
    },
  };
}

/** @returns an empty text if the body is nested too deeply for JSON.stringify, which is an attack */
function textOf(body: unknown): string {
  try {
    return JSON.stringify(body) ?? '';
  } catch {
    return '';
  }
}
