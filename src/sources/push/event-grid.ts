/**
 * Azure Event Grid webhooks: a key in a header or in the URL, or a Microsoft Entra token; the handshakes of both schemas.
 * https://learn.microsoft.com/azure/event-grid/secure-webhook-delivery
 * https://learn.microsoft.com/azure/event-grid/end-point-validation-cloud-events-schema
 */
import { z } from 'zod';
import { bearerOf, looksSigned, type Opened, type PushRequest, type PushWay } from './authenticator.ts';
import { admitSecret, secretsIn } from './shared-secret.ts';
import { createTokenCheck } from './tokens.ts';

export interface EventGridSettings {
  /** Of the header `X-Api-Key` (a delivery property) or of `?key=` in the webhook's URL. */
  keys: string[];
  entra?: { tenant: string; audience: string; client: string };
}

/** The application that Event Grid signs in as, in every tenant. */
export const eventGridClient = '4962773b-9cdb-44cf-a8bf-237846a00ab7';

function entraKeys(tenant: string): URL {
  return new URL(`https://login.microsoftonline.com/${tenant}/discovery/v2.0/keys`);
}

const validation = z.looseObject({
  eventType: z.literal('Microsoft.EventGrid.SubscriptionValidationEvent'),
  data: z.looseObject({ validationCode: z.string() }),
});

/** @param keysUrl where Entra's keys are; only tests say another place */
export function createEventGridWay({ keys, entra }: EventGridSettings, keysUrl?: URL): PushWay {
  const check = entra && createEntraCheck(entra, keysUrl ?? entraKeys(entra.tenant));
  return {
    name: 'Event Grid',
    variables: 'PUSH_EVENT_GRID_KEY, or PUSH_EVENT_GRID_TENANT and PUSH_EVENT_GRID_AUDIENCE',
    async admit(request) {
      const token = bearerOf(request.headers);
      if (check && token !== undefined && looksSigned(token)) return check(token);
      return keys.length === 0 ? undefined : admitSecret([...secretsIn(request), ...inUrl(request)], keys);
    },
    open: async (body) => answerValidation(body),
  };
}

function createEntraCheck({ tenant, audience, client }: NonNullable<EventGridSettings['entra']>, keys: URL) {
  return createTokenCheck({
    keys,
    issuers: [`https://login.microsoftonline.com/${tenant}/v2.0`, `https://sts.windows.net/${tenant}/`],
    audiences: [audience],
    // Version 1 of the token says appid, version 2 azp.
    also: ({ appid, azp }) =>
      (azp ?? appid) === client ? undefined : 'the token is of another application than PUSH_EVENT_GRID_CLIENT names',
  });
}

function inUrl({ query }: PushRequest): string[] {
  return typeof query.key === 'string' && query.key !== '' ? [query.key] : [];
}

/** The Event Grid schema proves its endpoint by an event; the code is sent back. */
function answerValidation(body: unknown): Opened {
  const event = validation.safeParse(Array.isArray(body) ? body[0] : body);
  if (!event.success) return { opened: 'delivery' };
  return { opened: 'answer', status: 200, body: { validationResponse: event.data.data.validationCode } };
}

/** The sender that may ask by OPTIONS whether it may push here. */
const allowedOrigin = 'eventgrid.azure.net';

/**
 * CloudEvents' check against abuse: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/http-webhook.md#4-abuse-protection
 * It carries no credential of a delivery, so it proves nothing; every push still has to.
 * @returns the headers that consent, or undefined
 */
export function consentTo(origin: string | string[] | undefined): Record<string, string> | undefined {
  return origin === allowedOrigin
    ? { 'webhook-allowed-origin': allowedOrigin, 'webhook-allowed-rate': '*', allow: 'OPTIONS, POST' }
    : undefined;
}
