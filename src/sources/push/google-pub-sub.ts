/**
 * Google Pub/Sub push with a token: signed by Google, for our audience, by the one service account that may.
 * https://cloud.google.com/pubsub/docs/authenticate-push-subscriptions
 */

import { bearerOf, looksSigned, type PushWay } from './authenticator.ts';
import { createTokenCheck } from './tokens.ts';

export interface GooglePubSubSettings {
  audience: string;
  /** E-mail of the service account that the subscription signs as: anybody at Google can have a token for any audience. */
  serviceAccount: string;
}

const googleKeys = new URL('https://www.googleapis.com/oauth2/v3/certs');

/** @param keys where Google's keys are; only tests say another place */
export function createGooglePubSubWay(settings: GooglePubSubSettings, keys = googleKeys): PushWay {
  const check = createTokenCheck({
    keys,
    issuers: ['https://accounts.google.com', 'accounts.google.com'],
    audiences: [settings.audience],
    also: ({ email, email_verified }) =>
      email === settings.serviceAccount && email_verified === true
        ? undefined
        : 'the token is not of the service account that PUSH_PUBSUB_SERVICE_ACCOUNT names',
  });
  return {
    name: 'Google Pub/Sub',
    variables: 'PUSH_PUBSUB_AUDIENCE and PUSH_PUBSUB_SERVICE_ACCOUNT',
    async admit({ headers }) {
      const token = bearerOf(headers);
      return token !== undefined && looksSigned(token) ? check(token) : undefined;
    },
  };
}
