/** Publishes the notifications of a change to the subscriptions that request them. */
import type { Change } from './changes.ts';
import { messagesOf } from './messages/index.ts';
import { changeLabel, changePayload, messagePayload, toFormat } from './payloads.ts';
import { type PubSub, topicName } from './pubsub.ts';
import type { Records } from './records.ts';
import type { Subscription, Subscriptions } from './subscriptions.ts';

interface Deps {
  readonly projectKey: string;
  readonly maxPayloadBytes: number;
  readonly records: Records;
  readonly subscriptions: Subscriptions;
  readonly pubsub: PubSub;
}

export class Notifier {
  readonly #deps: Deps;
  readonly #sequence = new Map<string, number>();

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  notify(change: Change): void {
    const { projectKey, maxPayloadBytes, records, subscriptions } = this.#deps;
    const active = [...subscriptions.active()];
    const changeSubscribers = active.filter(({ changes }) =>
      changes.some((entry) => entry.resourceTypeId === change.typeId),
    );
    const payload = changePayload(projectKey, change);
    for (const subscription of changeSubscribers) this.#send(subscription, payload, changeLabel(change));
    for (const body of messagesOf(change, records)) {
      // Sequence numbers also count messages without a subscriber.
      const sequenceNumber = this.#nextSequenceNumber((change.after ?? change.before)?.id ?? '');
      const messageSubscribers = active.filter((subscription) =>
        includesMessage(subscription, change.typeId, body.type),
      );
      if (messageSubscribers.length === 0) continue;
      const message = messagePayload(projectKey, change, body, { sequenceNumber, maxPayloadBytes });
      for (const subscription of messageSubscribers) this.#send(subscription, message, body.type);
    }
  }

  #send({ destination, format }: Subscription, payload: Record<string, unknown>, label: string): void {
    if (destination.type !== 'GoogleCloudPubSub') return;
    this.#deps.pubsub.publish(
      topicName(destination.projectId, destination.topic),
      toFormat(payload, format.type),
      label,
    );
  }

  #nextSequenceNumber(id: string): number {
    const number = (this.#sequence.get(id) ?? 0) + 1;
    this.#sequence.set(id, number);
    return number;
  }
}

function includesMessage({ messages }: Subscription, typeId: string, type: string): boolean {
  return messages.some(
    (entry) =>
      entry.resourceTypeId === typeId &&
      (entry.types === undefined || entry.types.length === 0 || entry.types.includes(type)),
  );
}
