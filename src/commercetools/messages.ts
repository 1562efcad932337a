/**
 * Parses a delivery of commercetools into a Message. Supports the Platform format and CloudEvents; the sources remove the
 * envelopes of their brokers. https://docs.commercetools.com/api/projects/subscriptions#delivery-payloads
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { omitUndefined } from '../lib/omit-undefined.ts';

export type NotificationType = 'Message' | 'ResourceCreated' | 'ResourceUpdated' | 'ResourceDeleted';

export interface Message {
  notificationType: NotificationType;
  /** Message type, such as OrderCreated, or the notification type of a change. */
  type: string;
  /** Identifies the message; equal for every redelivery. */
  id: string;
  resource: { typeId: string; id: string };
  /** Version of the resource after the change, if the delivery contains it. */
  resourceVersion?: number;
  /** Time of the change, ISO 8601. */
  createdAt: string;
  /** Fields of a Message. Absent if they were too large to be delivered (`payloadNotIncluded`). */
  payload?: Record<string, unknown>;
  /** ResourceDeleted: the record was erased together with its personal data. */
  dataErasure?: true;
}

export type ParsedMessage =
  | { type: 'message'; message: Message }
  /** Delivery without a record to sync, such as a test notification. */
  | { type: 'ignored'; reason: string }
  /** Not a delivery of commercetools. `path` names the invalid field, never its value. */
  | { type: 'unreadable'; reason: string; path: string };

/** ISO 8601; a time without a zone is in UTC. */
const dateTime = z.iso
  .datetime({ offset: true, local: true })
  .transform((text) => (/(Z|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text}Z`));

/** An id as commercetools makes them; a text that is too long or has a lone surrogate can't be one. */
const identifier = z
  .string()
  .min(1)
  .max(256)
  .refine((text) => text.isWellFormed(), 'is not well-formed');
const resource = z.object({ typeId: identifier, id: identifier });
/**
 * Says that the fields of a message were too large to be delivered. commercetools sends an object; the docs of the
 * open-source plugin say `true`.
 */
const payloadNotIncluded = z
  .union([z.looseObject({ payloadType: z.string().min(1).optional().catch(undefined) }), z.literal([false, null])])
  .catch({})
  .transform((marker) => marker || undefined)
  .optional();

const messagePayload = z.looseObject({
  notificationType: z.literal('Message'),
  resource,
  id: identifier,
  type: identifier.optional(),
  createdAt: dateTime,
  resourceVersion: z.number().optional(),
  payloadNotIncluded,
});
const changePayload = z.looseObject({
  notificationType: z.enum(['ResourceCreated', 'ResourceUpdated', 'ResourceDeleted']),
  resource,
  version: z.number(),
  modifiedAt: dateTime,
  /** https://docs.commercetools.com/api/projects/subscriptions#resourcedeleteddeliverypayload */
  dataErasure: z.boolean().optional().catch(undefined),
});
const cloudEvent = z.looseObject({ specversion: z.string(), data: z.unknown() });
const ofProject = z.looseObject({ projectKey: z.string() });
const notification = z.looseObject({ notificationType: z.string() });

/**
 * Never throws.
 * @param body parsed JSON: a Platform payload, or a CloudEvent with the payload as `data`
 * @param projectKey messages that name another project are ignored
 */
export function parseMessage(body: unknown, projectKey?: string): ParsedMessage {
  const isEvent = typeof body === 'object' && body !== null && 'specversion' in body;
  const event = isEvent ? cloudEvent.safeParse(body) : undefined;
  const payload = event?.success ? event.data.data : body;
  const named = ofProject.safeParse(payload).data?.projectKey;
  if (projectKey !== undefined && named !== undefined && named !== projectKey)
    return { type: 'ignored', reason: 'a message of another project' };
  return parsePlatform(payload, event?.success ? ['data'] : []);
}

function parsePlatform(body: unknown, base: string[]): ParsedMessage {
  const known = notification.safeParse(body);
  if (!known.success) return unreadable(known.error, base);
  switch (known.data.notificationType) {
    case 'Message':
      return fromMessage(body, base);
    case 'ResourceCreated':
    case 'ResourceUpdated':
    case 'ResourceDeleted':
      return fromChange(body, base);
    case 'Event':
      return { type: 'ignored', reason: 'an event of checkout or the import API' };
    default:
      return { type: 'ignored', reason: 'a notification of an unknown type' };
  }
}

function fromMessage(body: unknown, base: string[]): ParsedMessage {
  const parsed = messagePayload.safeParse(body);
  if (!parsed.success) return unreadable(parsed.error, base);
  const { notificationType, resource, id, createdAt, resourceVersion, payloadNotIncluded } = parsed.data;
  const type = payloadNotIncluded?.payloadType ?? parsed.data.type;
  if (type === undefined)
    return { type: 'unreadable', reason: 'a message without a type', path: [...base, 'type'].join('.') };
  const payload = payloadNotIncluded ? undefined : parsed.data;
  const message = { notificationType, type, id, resource, createdAt, resourceVersion, payload };
  return { type: 'message', message: omitUndefined(message) };
}

function fromChange(body: unknown, base: string[]): ParsedMessage {
  const parsed = changePayload.safeParse(body);
  if (!parsed.success) return unreadable(parsed.error, base);
  const { notificationType, resource, version, modifiedAt, dataErasure } = parsed.data;
  if (resource.typeId === 'subscription') return { type: 'ignored', reason: 'the test notification of a subscription' };
  const id = createHash('sha256')
    .update(JSON.stringify([notificationType, resource.typeId, resource.id, version]))
    .digest('hex')
    .slice(0, 32);
  const times = { resourceVersion: version, createdAt: modifiedAt };
  const erasure = notificationType === 'ResourceDeleted' && dataErasure ? { dataErasure } : {};
  return { type: 'message', message: { notificationType, type: notificationType, id, resource, ...times, ...erasure } };
}

function unreadable(error: z.ZodError, base: string[]): ParsedMessage {
  const [issue] = error.issues;
  const path = [...base, ...(issue?.path ?? [])].join('.');
  const reason = issue ? `${path || 'the body'}: ${issue.code}` : 'not a delivery payload';
  return { type: 'unreadable', reason, path };
}
