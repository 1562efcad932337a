/**
 * Amazon EventBridge through an API destination, whose connection (API key) sends a header. EventBridge waits 5 seconds:
 * set `realtime.deadlineSeconds` below that.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-api-destinations.html
 */

import type { PushWay } from './authenticator.ts';
import { admitSecret, secretsIn } from './shared-secret.ts';

/** @param secrets values of the header `X-Api-Key` or `Authorization: Bearer …`; several while one is being replaced */
export function createEventBridgeWay(secrets: readonly string[]): PushWay {
  return {
    name: 'EventBridge',
    variables: 'PUSH_EVENT_BRIDGE_SECRET',
    admit: async (request) => admitSecret(secretsIn(request), secrets),
  };
}
