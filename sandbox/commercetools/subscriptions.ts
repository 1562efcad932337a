/**
 * Handles `/subscriptions`. Before it stores a subscription, it verifies with a test notification that the destination
 * is reachable.
 */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { CommercetoolsBehaviours } from './behaviours.ts';
import type { ChangeEmitter } from './changes.ts';
import type { ApiRecord } from './json.ts';
import { changeLabel, changePayload, toFormat } from './payloads.ts';
import { type PubSub, topicName } from './pubsub.ts';
import { queryPage } from './query.ts';
import type { Records } from './records.ts';
import {
  concurrentModification,
  created,
  errorResponse,
  type HttpResponse,
  invalidInput,
  notFound,
  ok,
} from './responses.ts';
import {
  type Destination,
  draftSchema,
  emptyListIn,
  masked,
  type SubscriptionAction,
  type SubscriptionDraft,
  selectsNothing,
  unknownType,
  updateSchema,
} from './subscription-draft.ts';

/** https://docs.commercetools.com/api/limits */
const MAX_SUBSCRIPTIONS = 50;
const TYPE = 'subscription';
const NOTHING_SELECTED = "Either 'messages', 'changes' or 'events' must have an entry.";

export interface Subscription extends ApiRecord, SubscriptionDraft {}

export class Subscriptions {
  readonly #projectKey: string;
  readonly #records: Records;
  readonly #changes: ChangeEmitter;
  readonly #pubsub: PubSub;
  readonly #behaviours: CommercetoolsBehaviours;
  /** Number of creations that reached the destination. */
  #creations = 0;
  /** Subscriptions with their secrets. The records hold the masked versions. */
  readonly #active = new Map<string, Subscription>();

  constructor(deps: {
    projectKey: string;
    records: Records;
    changes: ChangeEmitter;
    pubsub: PubSub;
    behaviours: CommercetoolsBehaviours;
  }) {
    this.#projectKey = deps.projectKey;
    this.#records = deps.records;
    this.#changes = deps.changes;
    this.#pubsub = deps.pubsub;
    this.#behaviours = deps.behaviours;
  }

  active(): Iterable<Subscription> {
    return this.#active.values();
  }

  clear(): void {
    this.#creations = 0;
    this.#active.clear();
  }

  query(query: URLSearchParams): HttpResponse {
    return queryPage(
      { typeId: TYPE, records: this.#records, behaviours: this.#behaviours },
      [...this.#active.values()].sort((a, b) => (a.id < b.id ? -1 : 1)).map((subscription) => this.#view(subscription)),
      query,
    );
  }

  /** Returns a subscription by id or `key=...`. */
  get(address: string): HttpResponse {
    const found = this.#find(address);
    return found === undefined ? notFoundResponse(address) : ok(this.#view(found));
  }

  health(address: string): HttpResponse {
    const found = this.#find(address);
    if (found === undefined) return notFoundResponse(address);
    const status = this.#status(found);
    return { status: status === 'Healthy' ? 200 : 400, body: { status } };
  }

  async create(body: unknown): Promise<HttpResponse> {
    const draft = draftSchema.safeParse(body);
    if (!draft.success) return errorResponse(400, 'InvalidJsonInput', z.prettifyError(draft.error));
    const { key } = draft.data;
    const unknown = unknownType(draft.data);
    if (unknown !== undefined) return invalidInput(unknown);
    const emptyList = this.#behaviours.emptyListInDraft === 'refused' ? emptyListIn(body) : undefined;
    if (emptyList !== undefined) return invalidInput(`The field '${emptyList}' must not be empty.`);
    if (selectsNothing(draft.data)) return invalidInput(NOTHING_SELECTED);
    if (this.#active.size >= MAX_SUBSCRIPTIONS) {
      return errorResponse(
        400,
        'ResourceSizeLimitExceeded',
        `The limit of ${MAX_SUBSCRIPTIONS} subscriptions is reached.`,
      );
    }
    if (key !== undefined && this.#find(`key=${key}`) !== undefined) {
      return errorResponse(400, 'DuplicateField', `A duplicate value '"${key}"' exists for field 'key'.`, {
        field: 'key',
        duplicateValue: key,
      });
    }
    const now = new Date().toISOString();
    const subscription: Subscription = {
      id: randomUUID(),
      version: 1,
      createdAt: now,
      lastModifiedAt: now,
      ...draft.data,
    };
    this.#creations += 1;
    const deliveryError =
      this.#creations <= this.#behaviours.failingSubscriptionCreations
        ? undelivered(subscription.destination.type)
        : await this.#sendTestNotification(subscription, subscription.destination);
    if (deliveryError !== undefined) return deliveryError;
    this.#store(subscription);
    this.#changes.emit({ typeId: TYPE, before: undefined, after: subscription });
    return created(this.#view(subscription));
  }

  async update(address: string, body: unknown): Promise<HttpResponse> {
    const old = this.#find(address);
    if (old === undefined) return notFoundResponse(address);
    const update = updateSchema.safeParse(body);
    if (!update.success) return errorResponse(400, 'InvalidJsonInput', z.prettifyError(update.error));
    if (update.data.version !== old.version)
      return concurrentModification(`'${old.id}'`, old.version, update.data.version);
    let changed = old;
    for (const action of update.data.actions) {
      changed = apply(changed, action);
      if (this.#behaviours.emptySubscriptionCheck === 'after-each-action' && selectsNothing(changed)) {
        return errorResponse(400, 'InvalidOperation', NOTHING_SELECTED);
      }
    }
    const unknown = unknownType(changed);
    if (unknown !== undefined) return invalidInput(unknown);
    if (selectsNothing(changed)) return errorResponse(400, 'InvalidOperation', NOTHING_SELECTED);
    if (changed.destination !== old.destination) {
      const deliveryError = await this.#sendTestNotification(changed, changed.destination);
      if (deliveryError !== undefined) return deliveryError;
    }
    const saved = {
      ...changed,
      version: old.version + update.data.actions.length,
      lastModifiedAt: new Date().toISOString(),
    };
    this.#store(saved);
    this.#changes.emit({ typeId: TYPE, before: old, after: saved });
    return ok(this.#view(saved));
  }

  remove(address: string, version: string | null): HttpResponse {
    const old = this.#find(address);
    if (old === undefined) return notFoundResponse(address);
    if (Number(version) !== old.version) return concurrentModification(`'${old.id}'`, old.version, Number(version));
    this.#active.delete(old.id);
    this.#records.remove(TYPE, old.id);
    this.#changes.emit({ typeId: TYPE, before: old, after: undefined });
    return ok(this.#view(old));
  }

  #store(subscription: Subscription): void {
    this.#active.set(subscription.id, subscription);
    this.#records.put(TYPE, this.#view(subscription));
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

  /** Only Pub/Sub is implemented. Other destinations are accepted but receive no notifications. */
  #status({ destination }: Subscription): string {
    if (destination.type !== 'GoogleCloudPubSub') return 'Healthy';
    return this.#pubsub.isBound(topicName(destination.projectId, destination.topic)) ? 'Healthy' : 'ConfigurationError';
  }

  /**
   * Sends a ResourceCreated of the subscription itself, like commercetools, and returns an error if it is not
   * delivered.
   */
  async #sendTestNotification(subscription: Subscription, destination: Destination): Promise<HttpResponse | undefined> {
    if (destination.type !== 'GoogleCloudPubSub') return undefined;
    const change = { typeId: TYPE, before: undefined, after: subscription };
    const payload = changePayload(this.#projectKey, change);
    const topic = topicName(destination.projectId, destination.topic);
    const delivered = await this.#pubsub.probe(topic, toFormat(payload, subscription.format.type), changeLabel(change));
    if (delivered) return undefined;
    return undelivered(topic);
  }
}

function undelivered(destination: string): HttpResponse {
  return invalidInput(
    `A test message could not be delivered to '${destination}': it does not exist, it rejects the message, or permissions are missing.`,
  );
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

function notFoundResponse(address: string): HttpResponse {
  const key = address.startsWith('key=') ? address.slice('key='.length) : undefined;
  return notFound(key === undefined ? `ID '${address}'` : `key '${key}'`);
}
