/**
 * Authenticates Amazon EventBridge API destinations, whose connection (API key) sends a header. EventBridge waits 5
 * seconds for the response, so `realtime.deadlineSeconds` has to be lower.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-api-destinations.html
 */

import type { PushAuthenticator } from './authenticator.ts';
import { checkSecret, secretsIn } from './shared-secret.ts';

/** @param secrets values of the header `X-Api-Key` or `Authorization: Bearer …`; several during rotation */
export function createEventBridgeAuthenticator(secrets: readonly string[]): PushAuthenticator {
  return {
    name: 'EventBridge',
    variables: 'PUSH_EVENT_BRIDGE_SECRET',
    authenticate: async (request) => checkSecret(secretsIn(request), secrets),
  };
}
