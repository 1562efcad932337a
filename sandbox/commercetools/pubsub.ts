/**
 * Mock Google Cloud Pub/Sub with push subscriptions: at-least-once, unordered delivery with retries until acknowledged.
 * https://cloud.google.com/pubsub/docs/push
 */
import { randomUUID } from 'node:crypto';
import { DeliveryLog, type DeliveryReport } from './delivery-log.ts';
import type { Redelivery } from './options.ts';

const ACKNOWLEDGING = new Set([102, 200, 201, 202, 204]);

/** Push endpoint of a topic. */
export interface Binding {
  readonly pushEndpoint: string;
  /** Headers of every push, for example Authorization. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Adds `deliveryAttempt`, which Pub/Sub sends only for subscriptions with a dead-letter topic. */
  readonly deliveryAttempt?: boolean | undefined;
}

/** Duplicates and reordering to inject. */
export interface Disorder {
  /** Sends every n-th message twice; 0 disables it. */
  readonly duplicateEvery: number;
  /** Number of messages to hold back and send in reverse order; 0 or 1 disables it. */
  readonly reorderWindow: number;
}

interface Message {
  readonly topic: string;
  readonly label: string;
  readonly data: string;
  readonly messageId: string;
  readonly publishTime: string;
  readonly attributes: Readonly<Record<string, string>>;
  attempts: number;
}

/** Returns the full name of a topic. */
export function topicName(projectId: string, topic: string): string {
  return `projects/${projectId}/topics/${topic}`;
}

/** An incomplete reorder window is released after this time. */
const REORDER_TIMEOUT_MS = 50;

export class PubSub {
  readonly log = new DeliveryLog();
  readonly #settings: Redelivery;
  readonly #bindings = new Map<string, Binding>();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #stopped = new AbortController();
  #ready: Message[] = [];
  #held: Message[] = [];
  #inFlight = new Set<Promise<void>>();
  #awaitingRetry = 0;
  #published = 0;
  #disorder: Disorder = { duplicateEvery: 0, reorderWindow: 0 };

  constructor(settings: Redelivery) {
    this.#settings = settings;
  }

  /** Sets the push endpoint of a topic and sends the messages retained for it. */
  bind(topic: string, binding: Binding): void {
    this.#bindings.set(topic, binding);
    this.#dispatch();
  }

  unbind(topic: string): void {
    this.#bindings.delete(topic);
  }

  isBound(topic: string): boolean {
    return this.#bindings.has(topic);
  }

  bindings(): Record<string, Binding> {
    return Object.fromEntries(this.#bindings);
  }

  setDisorder(disorder: Disorder): void {
    this.#disorder = disorder;
    this.#releaseHeld();
  }

  /** Sends one push without retries and returns whether it was acknowledged. */
  async probe(topic: string, payload: unknown, label: string): Promise<boolean> {
    const binding = this.#bindings.get(topic);
    if (binding === undefined) return false;
    return ACKNOWLEDGING.has(await this.#push(binding, createMessage(topic, payload, label)));
  }

  publish(topic: string, payload: unknown, label: string, attributes: Readonly<Record<string, string>> = {}): string {
    const created = { ...createMessage(topic, payload, label), attributes };
    this.#published += 1;
    const { duplicateEvery } = this.#disorder;
    this.#held.push(created);
    if (duplicateEvery > 0 && this.#published % duplicateEvery === 0) this.#held.push({ ...created });
    if (this.#held.length >= this.#disorder.reorderWindow) this.#releaseHeld();
    else this.#schedule(REORDER_TIMEOUT_MS, () => this.#releaseHeld());
    return created.messageId;
  }

  /** Number of unacknowledged messages. */
  get pending(): number {
    return this.#ready.length + this.#held.length + this.#inFlight.size + this.#awaitingRetry;
  }

  report(): DeliveryReport {
    return this.log.report(this.pending);
  }

  /** Discards all pending messages and clears the log. */
  clear(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    this.#awaitingRetry = 0;
    this.#ready = [];
    this.#held = [];
    this.log.clear();
  }

  async stop(): Promise<void> {
    this.clear();
    this.#stopped.abort();
    await Promise.all(this.#inFlight);
  }

  #releaseHeld(): void {
    this.#ready.push(...(this.#disorder.reorderWindow > 1 ? this.#held.reverse() : this.#held));
    this.#held = [];
    this.#dispatch();
  }

  #dispatch(): void {
    if (this.#stopped.signal.aborted) return;
    const postponed: Message[] = [];
    for (const next of this.#ready.splice(0)) {
      const binding = this.#bindings.get(next.topic);
      if (binding === undefined || this.#inFlight.size >= this.#settings.concurrency) postponed.push(next);
      else this.#start(binding, next);
    }
    this.#ready = [...postponed, ...this.#ready];
  }

  #start(binding: Binding, next: Message): void {
    const work = this.#attempt(binding, next).finally(() => {
      this.#inFlight.delete(work);
      this.#dispatch();
    });
    this.#inFlight.add(work);
  }

  async #attempt(binding: Binding, next: Message): Promise<void> {
    next.attempts += 1;
    const status = await this.#push(binding, next);
    if (ACKNOWLEDGING.has(status) || this.#stopped.signal.aborted) return;
    const { firstRetryMs, maxRetryMs } = this.#settings;
    this.#awaitingRetry += 1;
    this.#schedule(Math.min(firstRetryMs * 2 ** (next.attempts - 1), maxRetryMs), () => {
      this.#awaitingRetry -= 1;
      this.#ready.push(next);
      this.#dispatch();
    });
  }

  /** Sends one push and returns the response status, or 0 if there was no response within the deadline. */
  async #push(binding: Binding, next: Message): Promise<number> {
    const began = performance.now();
    const status = await this.#post(binding, next);
    const tookMs = Math.round(performance.now() - began);
    const { messageId, label, attempts: attempt } = next;
    this.log.add({ messageId, label, attempt, status, tookMs, acknowledged: ACKNOWLEDGING.has(status) });
    return status;
  }

  async #post(binding: Binding, next: Message): Promise<number> {
    const deadline = AbortSignal.timeout(this.#settings.ackDeadlineMs);
    try {
      const response = await fetch(binding.pushEndpoint, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...binding.headers },
        body: JSON.stringify(envelope(next, binding)),
        signal: AbortSignal.any([deadline, this.#stopped.signal]),
      });
      await response.arrayBuffer();
      return response.status;
    } catch {
      return 0;
    }
  }

  #schedule(delayMs: number, act: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      act();
    }, delayMs);
    this.#timers.add(timer);
  }
}

function createMessage(topic: string, payload: unknown, label: string): Message {
  const data = Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload)).toString('base64');
  const publishTime = new Date().toISOString();
  return { topic, label, data, messageId: randomUUID(), publishTime, attributes: {}, attempts: 0 };
}

function envelope({ topic, data, messageId, publishTime, attributes, attempts }: Message, binding: Binding): unknown {
  return {
    message: { data, messageId, message_id: messageId, publishTime, publish_time: publishTime, attributes },
    subscription: topic.replace('/topics/', '/subscriptions/'),
    ...(binding.deliveryAttempt === true ? { deliveryAttempt: attempts } : {}),
  };
}
