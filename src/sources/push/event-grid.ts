/**
 * Authenticates Azure Event Grid webhooks by a key in a header or in the URL, or by a Microsoft Entra token. Answers the
 * validation handshakes of both event schemas.
 * https://learn.microsoft.com/azure/event-grid/secure-webhook-delivery
 * https://learn.microsoft.com/azure/event-grid/end-point-validation-cloud-events-schema
 */
import { z } from 'zod';
import { type BodyResult, bearerOf, looksSigned, type PushAuthenticator, type PushRequest } from './authenticator.ts';
import { checkSecret, secretsIn } from './shared-secret.ts';
import { createTokenVerifier } from './tokens.ts';

export interface EventGridSettings {
  /** Accepted values of the header `X-Api-Key` (a delivery property) or of `?key=` in the webhook's URL. */
  keys: string[];
  entra?: { tenant: string; audience: string; client: string };
}

/** Id of the Event Grid application, the same in every tenant. */
export const eventGridClient = '4962773b-9cdb-44cf-a8bf-237846a00ab7';

function entraKeys(tenant: string): URL {
  return new URL(`https://login.microsoftonline.com/${tenant}/discovery/v2.0/keys`);
}

const validation = z.looseObject({
  eventType: z.literal('Microsoft.EventGrid.SubscriptionValidationEvent'),
  data: z.looseObject({ validationCode: z.string() }),
});

/** @param keysUrl URL of Entra's keys; only tests replace it */
export function createEventGridAuthenticator({ keys, entra }: EventGridSettings, keysUrl?: URL): PushAuthenticator {
  const verify = entra && createEntraVerifier(entra, keysUrl ?? entraKeys(entra.tenant));
  return {
    name: 'Event Grid',
    variables: 'PUSH_EVENT_GRID_KEY, or PUSH_EVENT_GRID_TENANT and PUSH_EVENT_GRID_AUDIENCE',
    async authenticate(request) {
      const token = bearerOf(request.headers);
      if (verify && token !== undefined && looksSigned(token)) return verify(token);
      return keys.length === 0 ? undefined : checkSecret([...secretsIn(request), ...keyInUrl(request)], keys);
    },
    verifyBody: async (body) => answerValidation(body),
  };
}

function createEntraVerifier({ tenant, audience, client }: NonNullable<EventGridSettings['entra']>, keys: URL) {
  return createTokenVerifier({
    keys,
    issuers: [`https://login.microsoftonline.com/${tenant}/v2.0`, `https://sts.windows.net/${tenant}/`],
    audiences: [audience],
    // Version 1 tokens have the claim appid, version 2 tokens azp.
    checkClaims: ({ appid, azp }) =>
      (azp ?? appid) === client ? undefined : 'the token is of another application than PUSH_EVENT_GRID_CLIENT names',
  });
}

function keyInUrl({ query }: PushRequest): string[] {
  return typeof query.key === 'string' && query.key !== '' ? [query.key] : [];
}

/** The Event Grid schema validates an endpoint with an event, whose code has to be returned. */
function answerValidation(body: unknown): BodyResult {
  const event = validation.safeParse(Array.isArray(body) ? body[0] : body);
  if (!event.success) return { outcome: 'delivery', covered: body };
  return { outcome: 'response', status: 200, body: { validationResponse: event.data.data.validationCode } };
}

/** The only origin that may validate the endpoint with OPTIONS. */
const allowedOrigin = 'eventgrid.azure.net';

/**
 * CloudEvents abuse protection: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/http-webhook.md#4-abuse-protection
 * The handshake carries no credentials, so it authenticates nothing; every push still has to.
 * @returns the response headers that allow the origin, or undefined
 */
export function webhookConsentHeaders(origin: string | string[] | undefined): Record<string, string> | undefined {
  return origin === allowedOrigin
    ? { 'webhook-allowed-origin': allowedOrigin, 'webhook-allowed-rate': '*', allow: 'OPTIONS, POST' }
    : undefined;
}
