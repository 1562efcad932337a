/** Creates the sources that the configuration enables. */

import type { SourcesConfig } from '../config/env/sources.ts';
import type { AppEvents } from '../telemetry/app-events.ts';
import { createHttpPush, type HttpPush } from './http-push.ts';
import { createKafka } from './kafka/kafka.ts';
import { createAmazonSnsAuthenticator } from './push/amazon-sns.ts';
import type { PushAuthenticator } from './push/authenticator.ts';
import { createEventBridgeAuthenticator } from './push/event-bridge.ts';
import { createEventGridAuthenticator } from './push/event-grid.ts';
import { createGooglePubSubAuthenticator } from './push/google-pub-sub.ts';
import { createSharedSecretAuthenticator } from './push/shared-secret.ts';
import type { Source } from './source.ts';
import { createSqs } from './sqs.ts';

/** Where keys and certificates come from. Tests replace Google, Microsoft and Amazon; no variable can. */
export interface TrustedIssuers {
  googleKeys?: URL;
  entraKeys?: URL;
  isAmazonSns?(url: URL): boolean;
}

export interface SourceDeps {
  config: SourcesConfig;
  allowUnauthenticatedPush: boolean;
  /** No credentials are configured, so that callers on this machine are trusted. */
  trustsThisMachine: boolean;
  concurrency: number;
  maxPushes: number;
  deadlineMs: number;
  events: AppEvents;
  /** Why no push may be taken now; undefined: it may. */
  shedReason?(): string | undefined;
  trusted?: TrustedIssuers;
}

export function createSources(deps: SourceDeps): { push: HttpPush; all: Source[] } {
  const { config, events, concurrency, maxPushes, deadlineMs, allowUnauthenticatedPush: allowUnauthenticated } = deps;
  const authenticators = createAuthenticators(config.push, deps.trusted);
  const { trustsThisMachine, shedReason } = deps;
  const push = createHttpPush({
    ...(shedReason ? { shedReason } : {}),
    ...{ authenticators, allowUnauthenticated, trustsThisMachine, events, maxPushes, deadlineMs },
  });
  const all: Source[] = [push];
  if (config.sqs) all.push(createSqs({ ...config.sqs, concurrency }, events));
  if (config.kafka) all.push(createKafka({ ...config.kafka, concurrency }, events));
  return { push, all };
}

function createAuthenticators(config: SourcesConfig['push'], trusted: TrustedIssuers = {}): PushAuthenticator[] {
  const { pubSub, sns, eventBridge, eventGrid, secrets } = config;
  return [
    ...(pubSub ? [createGooglePubSubAuthenticator(pubSub, trusted.googleKeys)] : []),
    ...(sns ? [createAmazonSnsAuthenticator(sns, trusted.isAmazonSns)] : []),
    ...(eventBridge.length > 0 ? [createEventBridgeAuthenticator(eventBridge)] : []),
    ...(eventGrid ? [createEventGridAuthenticator(eventGrid, trusted.entraKeys)] : []),
    ...(secrets.length > 0 ? [createSharedSecretAuthenticator(secrets)] : []),
  ];
}

export function acceptsPushes({ push }: SourcesConfig): boolean {
  return createAuthenticators(push).length > 0;
}
