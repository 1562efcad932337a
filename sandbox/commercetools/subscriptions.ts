/** `/subscriptions`: stores what is asked for and proves, before it says yes, that the destination can be reached. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Changes } from './changes.ts';
import type { ApiRecord } from './json.ts';
import { changeLabel, changePayload, inFormat } from './payloads.ts';
import { type PubSub, topicName } from './pubsub.ts';
import { queryPage } from './query.ts';
import type { Records } from './records.ts';
import { type Answer, concurrentModification, created, notFound, ok, refuse } from './responses.ts';
import {
  type Destination,
  draftSchema,
  masked,
  type SubscriptionAction,
  type SubscriptionDraft,
  updateSchema,
} from './subscription-draft.ts';

/** https://docs.commercetools.com/api/limits */
const MOST = 50;
const TYPE = 'subscription';

export interface Subscription extends ApiRecord, SubscriptionDraft {}

export class Subscriptions {
  readonly #projectKey: string;
  readonly #shown: Records;
  readonly #changes: Changes;
  readonly #pubsub: PubSub;
  /** With their secrets; the records hold what reads may show. */
  readonly #active = new Map<string, Subscription>();

  constructor(parts: { projectKey: string; records: Records; changes: Changes; pubsub: PubSub }) {
    this.#projectKey = parts.projectKey;
    this.#shown = parts.records;
    this.#changes = parts.changes;
    this.#pubsub = parts.pubsub;
  }

  active(): Iterable<Subscription> {
    return this.#active.values();
  }

  clear(): void {
    this.#active.clear();
  }

  query(query: URLSearchParams): Answer {
    return queryPage(
      this.#shown,
      [...this.#active.values()].sort((a, b) => (a.id < b.id ? -1 : 1)).map((one) => this.#view(one)),
      query,
    );
  }

  /** By id or by `key=...`. */
  get(address: string): Answer {
    const found = this.#find(address);
    return found === undefined ? missing(address) : ok(this.#view(found));
  }

  health(address: string): Answer {
    const found = this.#find(address);
    if (found === undefined) return missing(address);
    const status = this.#status(found);
    return { status: status === 'Healthy' ? 200 : 400, body: { status } };
  }

  async create(body: unknown): Promise<Answer> {
    const draft = draftSchema.safeParse(body);
    if (!draft.success) return refuse(400, 'InvalidJsonInput', z.prettifyError(draft.error));
    const { key } = draft.data;
    if (this.#active.size >= MOST) {
      return refuse(400, 'ResourceSizeLimitExceeded', `The limit of ${MOST} subscriptions is reached.`);
    }
    if (key !== undefined && this.#find(`key=${key}`) !== undefined) {
      return refuse(400, 'DuplicateField', `A duplicate value '"${key}"' exists for field 'key'.`, {
        field: 'key',
        duplicateValue: key,
      });
    }
    const now = new Date().toISOString();
    const made: Subscription = { id: randomUUID(), version: 1, createdAt: now, lastModifiedAt: now, ...draft.data };
    const undeliverable = await this.#test(made, made.destination);
    if (undeliverable !== undefined) return undeliverable;
    this.#keep(made);
    this.#changes.happened({ typeId: TYPE, before: undefined, after: made });
    return created(this.#view(made));
  }

  async update(address: string, body: unknown): Promise<Answer> {
    const old = this.#find(address);
    if (old === undefined) return missing(address);
    const update = updateSchema.safeParse(body);
    if (!update.success) return refuse(400, 'InvalidJsonInput', z.prettifyError(update.error));
    if (update.data.version !== old.version)
      return concurrentModification(`'${old.id}'`, old.version, update.data.version);
    const changed = update.data.actions.reduce(apply, old);
    if (changed.messages.length + changed.changes.length + changed.events.length === 0) {
      return refuse(400, 'InvalidOperation', 'Either messages, changes or events must be set.');
    }
    if (changed.destination !== old.destination) {
      const undeliverable = await this.#test(changed, changed.destination);
      if (undeliverable !== undefined) return undeliverable;
    }
    const saved = {
      ...changed,
      version: old.version + update.data.actions.length,
      lastModifiedAt: new Date().toISOString(),
    };
    this.#keep(saved);
    this.#changes.happened({ typeId: TYPE, before: old, after: saved });
    return ok(this.#view(saved));
  }

  remove(address: string, version: string | null): Answer {
    const old = this.#find(address);
    if (old === undefined) return missing(address);
    if (Number(version) !== old.version) return concurrentModification(`'${old.id}'`, old.version, Number(version));
    this.#active.delete(old.id);
    this.#shown.remove(TYPE, old.id);
    this.#changes.happened({ typeId: TYPE, before: old, after: undefined });
    return ok(this.#view(old));
  }

  #keep(subscription: Subscription): void {
    this.#active.set(subscription.id, subscription);
    this.#shown.put(TYPE, this.#view(subscription));
  }

  #find(address: string): Subscription | undefined {
    if (!address.startsWith('key=')) return this.#active.get(address);
    const key = address.slice('key='.length);
    return [...this.#active.values()].find((subscription) => subscription.key === key);
  }

  #view(subscription: Subscription): ApiRecord {
    return {
      ...subscription,
      ...{ destination: masked(subscription.destination), status: this.#status(subscription) },
    };
  }

  /** Only Pub/Sub is played; another destination is accepted and never served. */
  #status({ destination }: Subscription): string {
    if (destination.type !== 'GoogleCloudPubSub') return 'Healthy';
    return this.#pubsub.isBound(topicName(destination.projectId, destination.topic)) ? 'Healthy' : 'ConfigurationError';
  }

  /** commercetools sends a ResourceCreated of the subscription itself and refuses what it cannot deliver to. */
  async #test(subscription: Subscription, destination: Destination): Promise<Answer | undefined> {
    if (destination.type !== 'GoogleCloudPubSub') return undefined;
    const change = { typeId: TYPE, before: undefined, after: subscription };
    const payload = changePayload(this.#projectKey, change);
    const topic = topicName(destination.projectId, destination.topic);
    const delivered = await this.#pubsub.probe(topic, inFormat(payload, subscription.format.type), changeLabel(change));
    if (delivered) return undefined;
    return refuse(
      400,
      'InvalidInput',
      `A test message could not be delivered to '${topic}': the topic does not exist or its endpoint refuses.`,
    );
  }
}

function apply(subscription: Subscription, action: SubscriptionAction): Subscription {
  switch (action.action) {
    case 'setKey': {
      const { key: _, ...rest } = subscription;
      return action.key === undefined ? rest : { ...rest, key: action.key };
    }
    case 'setMessages':
      return { ...subscription, messages: action.messages ?? [] };
    case 'setChanges':
      return { ...subscription, changes: action.changes ?? [] };
    case 'setEvents':
      return { ...subscription, events: action.events ?? [] };
    case 'changeDestination':
      return { ...subscription, destination: action.destination };
  }
}

function missing(address: string): Answer {
  const key = address.startsWith('key=') ? address.slice('key='.length) : undefined;
  return notFound(key === undefined ? `ID '${address}'` : `key '${key}'`);
}
