/**
 * Takes the brokers' envelopes off, by whatever way a delivery came: Google Pub/Sub push, SNS, EventBridge, arrays of
 * CloudEvents, or none. What is inside, a Platform payload or a CloudEvent, is for the parser.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { RawMessage } from './source.ts';

/** What an envelope holds: mostly one delivery. */
export type Unwrapped = { ok: true; messages: RawMessage[] } | { ok: false; reason: string };

type About = Pick<RawMessage, 'source' | 'brokerId' | 'deliveries' | 'trace'>;

const object = z.record(z.string(), z.unknown());
/** https://cloud.google.com/pubsub/docs/push#receive_push */
const pubSub = z.object({
  message: z.looseObject({
    data: z.unknown(),
    messageId: z.string().optional(),
    message_id: z.string().optional(),
    attributes: z.record(z.string(), z.unknown()).optional(),
  }),
  /** Only where the subscription has a dead letter topic. */
  deliveryAttempt: z.number().int().positive().optional(),
});
/** https://docs.aws.amazon.com/sns/latest/dg/http-notification-json.html */
const sns = z.looseObject({ Type: z.literal('Notification'), Message: z.string(), MessageId: z.string().optional() });
/** https://docs.aws.amazon.com/eventbridge/latest/ref/events-structure.html */
const eventBridge = z.looseObject({ 'detail-type': z.string(), detail: object, id: z.string().optional() });

/**
 * @param body already JSON
 * @param about where it came from; an envelope inside may know the broker's id better
 */
export function unwrap(body: unknown, about: About): Unwrapped {
  if (Array.isArray(body) && body.length > 0) {
    // One odd element must not keep the others: it goes on as it is, and is found unreadable by itself.
    return { ok: true, messages: body.flatMap((one) => insideOf(one, about) ?? [rawMessage(one, about)]) };
  }
  const messages = insideOf(body, about);
  if (messages) return { ok: true, messages };
  return { ok: false, reason: reasonFor(body) };
}

/**
 * A text from an authenticated broker: whatever it is, it is one delivery at least.
 * @param text the body as the broker holds it
 */
export function unwrapText(text: string, about: About): RawMessage[] {
  const body = parseJson(text);
  if (body === undefined) return [rawMessage(text, about)];
  const unwrapped = unwrap(body, about);
  return unwrapped.ok ? unwrapped.messages : [rawMessage(body, about)];
}

function insideOf(body: unknown, about: About): RawMessage[] | undefined {
  const parsed = object.safeParse(body);
  if (!parsed.success) return undefined;
  const { data } = parsed;
  if ('specversion' in data || 'notificationType' in data) return checked(data, { ...about, ...traceIn(data) });
  // By its own field first: a schema that does not fit costs more than one that does.
  if ('Type' in data) return fromTopic(data, about) ?? fromPubSub(data, about);
  if ('detail-type' in data) return fromBus(data, about) ?? fromPubSub(data, about);
  return fromPubSub(data, about);
}

function fromTopic(body: Record<string, unknown>, about: About): RawMessage[] | undefined {
  const notification = sns.safeParse(body);
  if (!notification.success) return undefined;
  const { Message, MessageId } = notification.data;
  return [rawMessage(parseJson(Message) ?? Message, { ...withId(MessageId), ...about })];
}

function fromBus(body: Record<string, unknown>, about: About): RawMessage[] | undefined {
  const event = eventBridge.safeParse(body);
  if (!event.success) return undefined;
  return checked(event.data.detail, { ...withId(event.data.id), ...about });
}

/**
 * The trace context among a delivery's attributes or headers: W3C's names, or those of Pub/Sub's client libraries.
 * https://cloud.google.com/pubsub/docs/open-telemetry-tracing and https://github.com/cloudevents/spec (distributed tracing)
 */
export function traceIn(attributes: Record<string, unknown> = {}): Pick<RawMessage, 'trace'> {
  const traceparent = attributes.traceparent ?? attributes.googclient_traceparent;
  if (typeof traceparent !== 'string') return {};
  const tracestate = attributes.tracestate ?? attributes.googclient_tracestate;
  return { trace: { traceparent, ...(typeof tracestate === 'string' ? { tracestate } : {}) } };
}

function fromPubSub(body: Record<string, unknown>, about: About): RawMessage[] | undefined {
  const envelope = pubSub.safeParse(body);
  if (!envelope.success) return undefined;
  const { message, deliveryAttempt } = envelope.data;
  const brokerId = message.messageId ?? message.message_id;
  const data = decode(message.data);
  // With the broker's id it is Pub/Sub's: what nobody can read inside would come again for days.
  if (data === undefined && (brokerId === undefined || message.data === undefined)) return undefined;
  const deliveries = deliveryAttempt === undefined ? {} : { deliveries: deliveryAttempt };
  return checked(data ?? message.data, {
    ...about,
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

/** Base64 of JSON, JSON text, or an object already: recognised by itself. */
function decode(data: unknown): unknown {
  if (typeof data !== 'string') return data ?? undefined;
  // No base64 begins like JSON: what can't be JSON is not tried as such.
  return (
    (/^\s*[{[]/.test(data) ? parseJson(data) : undefined) ?? parseJson(Buffer.from(data, 'base64').toString('utf8'))
  );
}

function parseJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** @returns undefined for what is nested too deeply: commercetools nests some twenty levels, the rest is an attack */
function checked(body: unknown, about: About): RawMessage[] | undefined {
  return isTooDeep(body, maxLevels) ? undefined : [rawMessage(body, about)];
}

const maxLevels = 200;

function isTooDeep(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isTooDeep(inner, levels - 1));
}

function rawMessage(body: unknown, about: About): RawMessage {
  return {
    body,
    ...about,
    fingerprint() {
      const text = textOf(body);
      return { size: Buffer.byteLength(text), hash: createHash('sha256').update(text).digest('hex').slice(0, 40) };
    },
  };
}

/** What JSON.stringify can't walk, nested too deeply inside another envelope, is an attack: nothing is kept of it. */
function textOf(body: unknown): string {
  try {
    return JSON.stringify(body) ?? '';
  } catch {
    return '';
  }
}
