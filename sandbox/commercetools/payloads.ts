/** Builds the notifications of a change, in the Platform format and as CloudEvents. */
import { randomUUID } from 'node:crypto';
import type { Change } from './changes.ts';
import { field, isObject, type JsonObject, textField } from './json.ts';
import { resourceOf } from './resources.ts';

/** Type of a Message and the fields specific to that type. */
export interface MessageBody {
  readonly type: string;
  readonly [name: string]: unknown;
}

export interface MessageOptions {
  readonly sequenceNumber: number;
  readonly maxPayloadBytes: number;
}

const IDENTIFIERS = ['key', 'externalId', 'orderNumber', 'customerNumber', 'sku'];

/** Returns the change notification: ResourceCreated, ResourceUpdated or ResourceDeleted. */
export function changePayload(projectKey: string, change: Change): JsonObject {
  const { before, after, dataErasure } = change;
  const common = { notificationType: notificationTypeOf(change), ...subject(projectKey, change) };
  if (after === undefined) {
    const erased = dataErasure === true ? { dataErasure } : {};
    return { ...common, version: before?.version ?? 0, modifiedAt: new Date().toISOString(), ...erased };
  }
  const old = before === undefined ? {} : { oldVersion: before.version };
  return { ...common, version: after.version, ...old, modifiedAt: after.lastModifiedAt };
}

/** Returns the label of a change in the delivery log. */
export function changeLabel(change: Change): string {
  return `${notificationTypeOf(change)} ${change.typeId}`;
}

/** Returns a Message. If it exceeds `maxPayloadBytes`, it has `payloadNotIncluded` instead of its fields. */
export function messagePayload(
  projectKey: string,
  change: Change,
  body: MessageBody,
  { sequenceNumber, maxPayloadBytes }: MessageOptions,
): JsonObject {
  const now = new Date().toISOString();
  const head = {
    notificationType: 'Message',
    ...subject(projectKey, change),
    id: randomUUID(),
    version: 1,
    createdAt: now,
    lastModifiedAt: now,
    sequenceNumber,
    resourceVersion: (change.after ?? change.before)?.version ?? 1,
  };
  const message = { ...head, ...body };
  if (Buffer.byteLength(JSON.stringify(message)) <= maxPayloadBytes) return message;
  const reason = 'The payload is too large for the destination.';
  return { ...head, payloadNotIncluded: { reason, payloadType: body.type } };
}

/** Converts a payload to the format of a subscription. */
export function toFormat(payload: JsonObject, format: 'Platform' | 'CloudEvents'): JsonObject {
  if (format === 'Platform') return payload;
  const resource = field(payload, 'resource');
  const typeId = textField(resource, 'typeId') ?? '';
  const isMessage = payload.notificationType === 'Message';
  const type = isMessage
    ? (textField(payload, 'type') ?? textField(payload.payloadNotIncluded, 'payloadType'))
    : payload.notificationType;
  const sequence = isMessage ? { sequence: String(payload.sequenceNumber), sequencetype: 'Integer' } : {};
  return {
    specversion: '1.0',
    id: textField(payload, 'id') ?? randomUUID(),
    type: `com.commercetools.${typeId}.${isMessage ? 'message' : 'change'}.${type}`,
    source: `/${payload.projectKey}/${resourceOf(typeId)?.path ?? typeId}`,
    subject: textField(resource, 'id'),
    time: textField(payload, 'lastModifiedAt') ?? textField(payload, 'modifiedAt'),
    ...sequence,
    data: payload,
  };
}

function notificationTypeOf({ before, after }: Change): string {
  if (after === undefined) return 'ResourceDeleted';
  return before === undefined ? 'ResourceCreated' : 'ResourceUpdated';
}

function subject(projectKey: string, { typeId, before, after }: Change): JsonObject {
  const record = after ?? before;
  const identifiers = identifiersOf(typeId, record);
  return {
    projectKey,
    resource: { typeId, id: record?.id },
    ...(Object.keys(identifiers).length > 0 ? { resourceUserProvidedIdentifiers: identifiers } : {}),
  };
}

function identifiersOf(typeId: string, record: unknown): JsonObject {
  const plain = IDENTIFIERS.flatMap((name) => {
    const value = textField(record, name);
    return value === undefined ? [] : [[name, value] as const];
  });
  const found = Object.fromEntries(plain);
  if (typeId === 'key-value-document') {
    return { containerAndKey: { container: field(record, 'container'), key: field(record, 'key') } };
  }
  const slug = field(record, 'slug') ?? field(field(field(record, 'masterData'), 'current'), 'slug');
  return isObject(slug) ? { ...found, slug } : found;
}
