/** From a change to the notifications that subscriptions asked for. */
import type { Change } from './changes.ts';
import { messagesOf } from './messages/index.ts';
import { changeLabel, changePayload, inFormat, messagePayload } from './payloads.ts';
import { type PubSub, topicName } from './pubsub.ts';
import type { Records } from './records.ts';
import type { Subscription, Subscriptions } from './subscriptions.ts';

interface Parts {
  readonly projectKey: string;
  readonly maxPayloadBytes: number;
  readonly records: Records;
  readonly subscriptions: Subscriptions;
  readonly pubsub: PubSub;
}

export class Notifier {
  readonly #parts: Parts;
  readonly #sequence = new Map<string, number>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  notify(change: Change): void {
    const { projectKey, maxPayloadBytes, records, subscriptions } = this.#parts;
    const asked = [...subscriptions.active()];
    const wantChange = asked.filter(({ changes }) => changes.some((one) => one.resourceTypeId === change.typeId));
    const payload = changePayload(projectKey, change);
    for (const subscription of wantChange) this.#send(subscription, payload, changeLabel(change));
    for (const body of messagesOf(change, records)) {
      // Every message has its number, whether somebody asked for it or not.
      const sequenceNumber = this.#next((change.after ?? change.before)?.id ?? '');
      const wantMessage = asked.filter((subscription) => wants(subscription, change.typeId, body.type));
      if (wantMessage.length === 0) continue;
      const message = messagePayload(projectKey, change, body, { sequenceNumber, maxPayloadBytes });
      for (const subscription of wantMessage) this.#send(subscription, message, body.type);
    }
  }

  #send({ destination, format }: Subscription, payload: Record<string, unknown>, label: string): void {
    if (destination.type !== 'GoogleCloudPubSub') return;
    this.#parts.pubsub.publish(
      topicName(destination.projectId, destination.topic),
      inFormat(payload, format.type),
      label,
    );
  }

  #next(id: string): number {
    const number = (this.#sequence.get(id) ?? 0) + 1;
    this.#sequence.set(id, number);
    return number;
  }
}

function wants({ messages }: Subscription, typeId: string, type: string): boolean {
  return messages.some(
    (one) =>
      one.resourceTypeId === typeId && (one.types === undefined || one.types.length === 0 || one.types.includes(type)),
  );
}
