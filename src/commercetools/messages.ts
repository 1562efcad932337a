/**
 * Any body that commercetools delivers -> one Message. Knows the Platform format and CloudEvents; the brokers' envelopes
 * are taken off by the sources. https://docs.commercetools.com/api/projects/subscriptions#delivery-payloads
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';

/** The kinds of notification that rules can wake on. */
export type NotificationType = 'Message' | 'ResourceCreated' | 'ResourceUpdated' | 'ResourceDeleted';

/** One thing that happened in commercetools. */
export interface Message {
  notificationType: NotificationType;
  /** A Message's own type, such as OrderCreated; else the notification type. */
  type: string;
  /** Identifies the delivery; the same for a redelivery. */
  id: string;
  resource: { typeId: string; id: string };
  /** The resource's version after the change, where commercetools says it. */
  resourceVersion?: number;
  /** ISO 8601: when it happened. */
  createdAt: string;
  /** A Message's own fields; absent where they were too large to be delivered (`payloadNotIncluded`). */
  payload?: Record<string, unknown>;
}

export type ParsedMessage =
  | { type: 'message'; message: Message }
  /** A delivery that is about nothing we sync: a test notification, an event. */
  | { type: 'ignored'; reason: string }
  /** Not what commercetools delivers. `path` names the field that is wrong; never its value. */
  | { type: 'unreadable'; reason: string; path: string };

const resource = z.object({ typeId: z.string().min(1), id: z.string().min(1) });
const messagePayload = z.looseObject({
  notificationType: z.literal('Message'),
  resource,
  id: z.string().min(1),
  type: z.string().min(1).optional(),
  createdAt: z.iso.datetime({ offset: true }),
  resourceVersion: z.number().optional(),
  payloadNotIncluded: z.looseObject({ payloadType: z.string().min(1) }).optional(),
});
const changePayload = z.looseObject({
  notificationType: z.enum(['ResourceCreated', 'ResourceUpdated', 'ResourceDeleted']),
  resource,
  version: z.number(),
  modifiedAt: z.iso.datetime({ offset: true }),
});
const cloudEvent = z.looseObject({ specversion: z.string(), data: z.unknown() });
const kind = z.looseObject({ notificationType: z.string() });

/**
 * Parses what a broker handed over, already JSON. Never throws.
 * @param body the Platform payload or a CloudEvent with it as `data`
 */
export function parseMessage(body: unknown): ParsedMessage {
  const isEvent = typeof body === 'object' && body !== null && 'specversion' in body;
  const event = isEvent ? cloudEvent.safeParse(body) : undefined;
  if (event?.success) return parsePlatform(event.data.data, ['data']);
  return parsePlatform(body, []);
}

function parsePlatform(body: unknown, at: string[]): ParsedMessage {
  const known = kind.safeParse(body);
  if (!known.success) return unreadable(known.error, at);
  switch (known.data.notificationType) {
    case 'Message':
      return fromMessage(body, at);
    case 'ResourceCreated':
    case 'ResourceUpdated':
    case 'ResourceDeleted':
      return fromChange(body, at);
    case 'Event':
      return { type: 'ignored', reason: 'an event of checkout or the import API' };
    default:
      return { type: 'ignored', reason: 'a notification of an unknown kind' };
  }
}

function fromMessage(body: unknown, at: string[]): ParsedMessage {
  const parsed = messagePayload.safeParse(body);
  if (!parsed.success) return unreadable(parsed.error, at);
  const { notificationType, resource, id, createdAt, resourceVersion, payloadNotIncluded } = parsed.data;
  const type = payloadNotIncluded?.payloadType ?? parsed.data.type;
  if (type === undefined)
    return { type: 'unreadable', reason: 'a message without a type', path: [...at, 'type'].join('.') };
  return {
    type: 'message',
    message: {
      notificationType,
      type,
      id,
      resource,
      createdAt,
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
      ...(payloadNotIncluded ? {} : { payload: parsed.data }),
    },
  };
}

function fromChange(body: unknown, at: string[]): ParsedMessage {
  const parsed = changePayload.safeParse(body);
  if (!parsed.success) return unreadable(parsed.error, at);
  const { notificationType, resource, version, modifiedAt } = parsed.data;
  if (resource.typeId === 'subscription') return { type: 'ignored', reason: 'the test notification of a subscription' };
  const id = createHash('sha256')
    .update(JSON.stringify([notificationType, resource.typeId, resource.id, version]))
    .digest('hex')
    .slice(0, 32);
  return {
    type: 'message',
    message: {
      notificationType,
      type: notificationType,
      id,
      resource,
      resourceVersion: version,
      createdAt: modifiedAt,
    },
  };
}

function unreadable(error: z.ZodError, at: string[]): ParsedMessage {
  const issue = error.issues[0];
  const path = [...at, ...(issue?.path ?? [])].join('.');
  return {
    type: 'unreadable',
    reason: issue ? `${path || 'the body'}: ${issue.code}` : 'not a delivery payload',
    path,
  };
}
