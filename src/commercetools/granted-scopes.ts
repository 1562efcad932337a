/** Reads the scopes of an API client from its token. https://docs.commercetools.com/api/authorization */
import { fetch } from 'undici';
import { z } from 'zod';
import type { CommercetoolsSettings } from './client.ts';

const tokenResponse = z.looseObject({ scope: z.string() });

/** Returns scopes without the project key, or undefined if the request fails. Other requests report the reason. */
export async function grantedScopes(settings: CommercetoolsSettings): Promise<string[] | undefined> {
  const { authUrl, clientId, clientSecret, projectKey, scopes, timeoutMs } = settings;
  const form = new URLSearchParams({ grant_type: 'client_credentials' });
  if (scopes.length > 0) form.set('scope', scopes.join(' '));
  try {
    const response = await fetch(`${authUrl}/oauth/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}` },
      body: form,
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    });
    const { data } = tokenResponse.safeParse(await response.json());
    return data?.scope.split(/\s+/).map((scope) => scope.replace(`:${projectKey}`, ''));
  } catch {
    return undefined;
  }
}
