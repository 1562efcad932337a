/** The sources that the configuration asks for. */

import type { SourcesConfig } from '../config/env/sources.ts';
import type { AppEvents } from '../telemetry/app-events.ts';
import { createHttpPush, type HttpPush } from './http-push.ts';
import { createKafka } from './kafka/kafka.ts';
import { createAmazonSnsWay } from './push/amazon-sns.ts';
import type { PushWay } from './push/authenticator.ts';
import { createEventBridgeWay } from './push/event-bridge.ts';
import { createEventGridWay } from './push/event-grid.ts';
import { createGooglePubSubWay } from './push/google-pub-sub.ts';
import { createSharedSecretWay } from './push/shared-secret.ts';
import type { Source } from './source.ts';
import { createSqs } from './sqs.ts';

/** Whose word is taken. Only tests name others than Google, Microsoft and Amazon; no variable can. */
export interface Trusted {
  googleKeys?: URL;
  entraKeys?: URL;
  isAmazonSns?(url: URL): boolean;
}

export interface SourceParts {
  config: SourcesConfig;
  allowUnauthenticatedPush: boolean;
  /** Messages that a queue or topic hands over at once. */
  concurrency: number;
  /** Pushed messages under way at most. */
  maxPushes: number;
  /** Milliseconds within which a push should be answered. */
  deadlineMs: number;
  events: AppEvents;
  trusted?: Trusted;
}

/** @returns the pushes, and all sources, they among them */
export function createSources(parts: SourceParts): { push: HttpPush; all: Source[] } {
  const { config, events, concurrency, maxPushes, allowUnauthenticatedPush: allowUnauthenticated } = parts;
  const ways = pushWays(config.push, parts.trusted);
  const push = createHttpPush({ ways, allowUnauthenticated, events, maxPushes, deadlineMs: parts.deadlineMs });
  const all: Source[] = [push];
  if (config.sqs) all.push(createSqs({ ...config.sqs, concurrency }, events));
  if (config.kafka) all.push(createKafka({ ...config.kafka, concurrency }, events));
  return { push, all };
}

function pushWays(config: SourcesConfig['push'], trusted: Trusted = {}): PushWay[] {
  const { pubSub, sns, eventBridge, eventGrid, secrets } = config;
  return [
    ...(pubSub ? [createGooglePubSubWay(pubSub, trusted.googleKeys)] : []),
    ...(sns ? [createAmazonSnsWay(sns, trusted.isAmazonSns)] : []),
    ...(eventBridge.length > 0 ? [createEventBridgeWay(eventBridge)] : []),
    ...(eventGrid ? [createEventGridWay(eventGrid, trusted.entraKeys)] : []),
    ...(secrets.length > 0 ? [createSharedSecretWay(secrets)] : []),
  ];
}

/** Whether anybody from elsewhere can prove that they may push. */
export function acceptsPushes({ push }: SourcesConfig): boolean {
  return pushWays(push).length > 0;
}
