/**
 * Authenticates Google Pub/Sub pushes by their token: signed by Google, for the configured audience and service account.
 * https://cloud.google.com/pubsub/docs/authenticate-push-subscriptions
 */

import { bearerOf, looksSigned, type PushAuthenticator } from './authenticator.ts';
import { createTokenVerifier } from './tokens.ts';

export interface GooglePubSubSettings {
  audience: string;
  /** E-mail of the subscription's service account. Required, because every Google account can get a token for any audience. */
  serviceAccount: string;
}

const googleKeys = new URL('https://www.googleapis.com/oauth2/v3/certs');

/** @param keys URL of Google's keys; only tests replace it */
export function createGooglePubSubAuthenticator(settings: GooglePubSubSettings, keys = googleKeys): PushAuthenticator {
  const verify = createTokenVerifier({
    keys,
    issuers: ['https://accounts.google.com', 'accounts.google.com'],
    audiences: [settings.audience],
    checkClaims: ({ email, email_verified }) =>
      email === settings.serviceAccount && email_verified === true
        ? undefined
        : 'the token is not of the service account that PUSH_PUBSUB_SERVICE_ACCOUNT names',
  });
  return {
    name: 'Google Pub/Sub',
    variables: 'PUSH_PUBSUB_AUDIENCE and PUSH_PUBSUB_SERVICE_ACCOUNT',
    async authenticate({ headers }) {
      const token = bearerOf(headers);
      return token !== undefined && looksSigned(token) ? verify(token) : undefined;
    },
  };
}
